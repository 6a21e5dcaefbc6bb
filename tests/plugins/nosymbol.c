/* p03: exports something, but no herald_plugin_v1. */
extern const int herald_plugin_v0;
__attribute__((visibility("default"))) const int herald_plugin_v0 = 0;
