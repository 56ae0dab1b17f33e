// Files of other modules that import FoldinInteractions still find errors and atomic files there. To be removed once each of them
// imports FoldinSupport itself.
@_exported import FoldinSupport
