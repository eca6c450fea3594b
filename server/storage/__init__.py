"""Tables, the update log and the one way in which anything is written."""
