"""What is to be judged, when it is judged anew, and the judging itself."""
