"""Real processes and clients for black-box tests. Start reading at server.py, then people.py and json_client.py."""
