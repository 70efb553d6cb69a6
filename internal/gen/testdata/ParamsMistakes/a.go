package paramsmistakes

//optcache:params
type Params struct {
	A int     `optcache:"5"`
	B int     `optcache:"9:5"`
	C int     `optcache:"1:5:0"`
	D float64 `optcache:"1:5"`
	E float64 `optcache:"log 0:5"`
	F int     `optcache:"log 1:5"`
	G string  `optcache:"1:5"`
	H int8    `optcache:"1:500"`
	I bool    `optcache:"yes|no"`
	J []int   `optcache:"1|2"`
	K int     `optcache:"1|1"`
	L uint    `optcache:"-1:3"`
	M float64 `optcache:"1e300:1.1e300:1"`
	N string  `optcache:"|"`
	O int64   `optcache:"0:1000000"`
	P float64 `optcache:"lug 1:5"`
	Q float64 `optcache:"NaN:5:1"`
	R float32 `optcache:"1:5:1"`
	S float32 `optcache:"1e300|1"`
}

//optcache:params
type Large struct {
	A, B, C int `optcache:"0:9999999"`
}

//optcache:params
type None struct{ A int }

//optcache:params
type Odd struct {
	A int `optcache:"1:2"`
}

func (Odd) Valid(int) bool { return true }
