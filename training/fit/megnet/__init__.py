"""The reference implementation of MEGNet and its published weights."""
