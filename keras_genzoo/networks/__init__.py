"""Builders of networks that several models share."""
