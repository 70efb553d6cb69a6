package rows

type ID int

type Row struct {
	ID   ID
	List string
	At   []ID
}
