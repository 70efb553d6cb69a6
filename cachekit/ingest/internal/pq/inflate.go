package pq

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"sync"

	"github.com/andybalholm/brotli"
	"github.com/klauspost/compress/gzip"
	"github.com/klauspost/compress/snappy"
	"github.com/klauspost/compress/zstd"
	"github.com/pierrec/lz4/v4"
)

// Codecs of Parquet.
const (
	codecNone   = 0
	codecSnappy = 1
	codecGzip   = 2
	codecLZO    = 3
	codecBrotli = 4
	codecHadoop = 5
	codecZstd   = 6
	codecLZ4    = 7
)

// checkCodec refuses codecs that are not read.
func checkCodec(codec uint8) error {
	switch codec {
	case codecNone, codecSnappy, codecGzip, codecBrotli, codecZstd, codecLZ4:
		return nil
	case codecHadoop:
		return errors.New("it is compressed with Hadoop's LZ4 (codec 5), which programs write in different ways: " +
			"write it with LZ4_RAW, zstd or snappy")
	case codecLZO:
		return errors.New("it is compressed with LZO: write it with zstd or snappy")
	}
	return errors.New("it is compressed in a way that is not known: write it with zstd or snappy")
}

var errInflate = errors.New("a page does not inflate to the size that it declares: copy or download the file again")

// inflate fills page with what data inflates to: not a byte less or more.
func inflate(ctx context.Context, codec uint8, page, data []byte) (err error) {
	defer func() {
		if recover() != nil { // none was seen, but the decoders are not ours, nor is what they are given
			err = errInflate
		}
	}()
	ok := false
	switch codec {
	case codecNone:
		ok = copy(page, data) == len(data) && len(data) == len(page)
	case codecSnappy:
		n, err := snappy.DecodedLen(data)
		if err == nil && n == len(page) {
			_, err = snappy.Decode(page, data)
			ok = err == nil
		}
	case codecLZ4:
		n, err := lz4.UncompressBlock(data, page)
		ok = err == nil && n == len(page)
	case codecZstd:
		decoder := decoders.Get().(*zstd.Decoder)
		defer decoders.Put(decoder)
		got, err := decoder.DecodeAll(data, page[:0:len(page)])
		ok = err == nil && len(got) == len(page)
	case codecGzip:
		r, err := gzip.NewReader(bytes.NewReader(data))
		if err != nil {
			return errInflate
		}
		return inflateStream(ctx, r, page)
	case codecBrotli:
		return inflateStream(ctx, brotli.NewReader(bytes.NewReader(data)), page)
	}
	if !ok {
		return errInflate
	}
	return ctx.Err()
}

// decoders of zstd write within the page that they are given and no further.
var decoders = sync.Pool{New: func() any {
	d, err := zstd.NewReader(nil, zstd.WithDecoderConcurrency(1), zstd.WithDecoderLowmem(true),
		zstd.WithDecodeAllCapLimit(true), zstd.WithDecoderMaxMemory(maxPage))
	if err != nil {
		panic(fmt.Sprintf("pq: %v", err)) // an option is wrong
	}
	return d
}}

func inflateStream(ctx context.Context, r io.Reader, page []byte) error {
	const step = 1 << 20
	for len(page) > 0 && ctx.Err() == nil {
		n := min(step, len(page))
		if _, err := io.ReadFull(r, page[:n]); err != nil {
			return errInflate
		}
		page = page[n:]
	}
	if err := ctx.Err(); err != nil {
		return err
	}
	var more [1]byte
	if n, err := io.ReadFull(r, more[:]); n > 0 || err != io.EOF {
		return errInflate
	}
	return nil
}
