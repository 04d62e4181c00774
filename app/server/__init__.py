"""The service as processes: a supervisor, the workers that it gives connections to, their logs."""
