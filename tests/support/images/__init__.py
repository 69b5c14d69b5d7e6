"""Images as built, and compose.yaml's services run from them without a container engine."""
