package store

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"encoding/json"
	"errors"
	"fmt"
	"time"
)

// scanner is a row, from QueryRow or Query.
type scanner interface{ Scan(dest ...any) error }

// querier is a database or a transaction.
type querier interface {
	QueryContext(ctx context.Context, query string, args ...any) (*sql.Rows, error)
	QueryRowContext(ctx context.Context, query string, args ...any) *sql.Row
}

// statement is SQL and what goes in for its question marks.
type statement struct {
	text string
	args []any
}

func prepare(text string, args ...any) statement { return statement{text: text, args: args} }

// one returns the first row, or ErrNotFound.
func one[T any](ctx context.Context, q querier, st statement, scan func(scanner) (T, error)) (T, error) {
	v, err := scan(q.QueryRowContext(ctx, st.text, st.args...))
	if errors.Is(err, sql.ErrNoRows) {
		return v, ErrNotFound
	}
	return v, err
}

// all returns every row, in the order of the statement.
func all[T any](ctx context.Context, q querier, st statement, scan func(scanner) (T, error)) ([]T, error) {
	rows, err := q.QueryContext(ctx, st.text, st.args...)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	var list []T
	for rows.Next() {
		v, err := scan(rows)
		if err != nil {
			return nil, err
		}
		list = append(list, v)
	}
	return list, rows.Err()
}

// touched turns a change of no row into ErrNotFound.
func touched(result sql.Result, err error) error {
	if err != nil {
		return err
	}
	if n, err := result.RowsAffected(); err != nil || n > 0 {
		return err
	}
	return ErrNotFound
}

// instant keeps a time as nanoseconds since 1970, and the zero time as 0.
type instant time.Time

// Value implements driver.Valuer.
func (i instant) Value() (driver.Value, error) {
	if time.Time(i).IsZero() {
		return int64(0), nil
	}
	return time.Time(i).UnixNano(), nil
}

// Scan implements sql.Scanner.
func (i *instant) Scan(src any) error {
	n, ok := src.(int64)
	if !ok {
		return fmt.Errorf("want a time as a number, got %T", src)
	}
	*i = instant{}
	if n != 0 {
		*i = instant(time.Unix(0, n).UTC())
	}
	return nil
}

// orNow is the time given, or now where none was.
func orNow(t time.Time) instant {
	if t.IsZero() {
		return instant(time.Now())
	}
	return instant(t)
}

// document keeps any value as JSON text.
type document[T any] struct{ v *T }

func asJSON[T any](v *T) document[T] { return document[T]{v} }

// Value implements driver.Valuer.
func (d document[T]) Value() (driver.Value, error) {
	text, err := json.Marshal(d.v)
	return string(text), err
}

// Scan implements sql.Scanner.
func (d document[T]) Scan(src any) error {
	text, ok := src.(string)
	if !ok {
		return fmt.Errorf("want JSON as text, got %T", src)
	}
	return json.Unmarshal([]byte(text), d.v)
}
