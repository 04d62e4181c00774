"""The calls of the service: parse, ask the predictor, answer."""
