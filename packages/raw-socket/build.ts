// Compiles native/raw_socket.c. Filled in with the native file.
