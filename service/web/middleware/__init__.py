"""Middleware: the steps before a request's route and after its answer."""
