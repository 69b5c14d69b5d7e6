"""The documents followed and checked."""
