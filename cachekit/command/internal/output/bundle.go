package output

// A Bundle is the version that a command ran on, in the shape of its JSON.
type Bundle struct {
	Name    string `json:"name"`
	Version string `json:"version"`
	Assets  int    `json:"assets"`
	Bars    int    `json:"bars"` // of the longest asset
}
