"""Server of the Model Context Protocol, by which language models use the predictions."""
