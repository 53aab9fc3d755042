"""Builders of networks that several models use."""
