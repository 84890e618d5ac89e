"""Shows what certification.yaml asks of this package: `python -m certification`."""
