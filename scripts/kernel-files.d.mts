/** The kernels' files in a folder, the library's where none is given, and in the folders in it: paths by name. Throws where two have one name. */
export function kernelFiles(folder?: string): Map<string, string>;
