package output

type Bundle struct {
	Name    string `json:"name"`
	Version string `json:"version"`
	Assets  int    `json:"assets"`
	Bars    int    `json:"bars"` // of the longest asset
}
