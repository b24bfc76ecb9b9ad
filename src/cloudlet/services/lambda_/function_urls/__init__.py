"""Answering requests that come to functions' URLs."""
