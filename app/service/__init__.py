"""The prediction service without HTTP: ensembles, batching, workers, predictor."""
