"""Receives the change events that OpenMetadata sends to a webhook, and hands each to its handlers."""
