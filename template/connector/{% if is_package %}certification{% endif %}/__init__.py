"""Shows what certification.yaml asks of this connector: `python -m certification`."""
