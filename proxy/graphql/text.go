package graphql

import (
	"errors"
	"fmt"
	"strings"
	"unicode/utf8"

	"github.com/vektah/gqlparser/v2/ast"
	"github.com/vektah/gqlparser/v2/lexer"
)

// maxTokens bounds a document; comments count. The largest of real clients have a few thousand.
const maxTokens = 20_000

// checkText refuses a document that lexers of other servers could cut into other tokens.
func checkText(text string) error {
	if !utf8.ValidString(text) {
		return errors.New("the document of a GraphQL request is not UTF-8")
	}
	if err := checkLines(text); err != nil {
		return err
	}
	return checkStrings(text)
}

// checkLines refuses characters that end a line, and with it a comment, for some lexers and not for others, and a byte
// order mark that is not the first character. An operation could hide behind '#'.
func checkLines(text string) error {
	if strings.Contains(strings.ReplaceAll(text, "\r\n", ""), "\r") {
		return errors.New("the document of a GraphQL request has a carriage return without a line feed")
	}
	for i, r := range text {
		control := r < ' ' && !strings.ContainsRune("\t\n\r", r) || r >= 0x7f && r < 0xa0
		if control || r == '\u2028' || r == '\u2029' || r == '\uFEFF' && i > 0 {
			return fmt.Errorf("the document of a GraphQL request has the character %U at byte %d: write it as an escape or a variable", r, i)
		}
	}
	return nil
}

// checkStrings refuses quotation marks in block strings. This parser takes the last three of a longer run for the
// end of one, the specification the first three, and servers from before block strings know only pairs:
// with a quotation mark inside, the text between two of them is a string to one and an operation to the other.
func checkStrings(text string) error {
	tokens := lexer.New(&ast.Source{Input: text})
	for range maxTokens {
		token, err := tokens.ReadToken()
		switch {
		case err != nil:
			return syntaxError(err)
		case token.Kind == lexer.EOF:
			return nil
		case token.Kind == lexer.BlockString && strings.Contains(token.Value, `"`):
			return fmt.Errorf("the document of a GraphQL request has a quotation mark in the block string of line %d: "+
				"use a variable, for servers differ in where such a string ends", token.Pos.Line)
		}
	}
	return fmt.Errorf("the document of a GraphQL request has more than %d tokens", maxTokens)
}
