"""The web application that clients ask, and the program that runs it."""
