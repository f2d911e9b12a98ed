"""Stages put together: one module a group of commands, one function a command, each with a result object."""
