"""Files from outside: what they are, whether they come in, pictures of them made by a confined child."""
