//! Formulas over the events of a trend, like `A / B * 100`.

/// What is made of the values of several events.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Formula {
    Number(f64),
    /// The value of an event, by its place.
    Event(usize),
    Minus(Box<Formula>),
    Of(Box<Formula>, Sign, Box<Formula>),
}

#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Sign {
    Plus,
    Minus,
    Times,
    By,
}

/// The longest formula, in bytes, and the deepest.
const LENGTH_MAX: usize = 256;
const DEPTH_MAX: usize = 16;

impl Formula {
    /// Reads a formula over events of these names.
    ///
    /// # Errors
    /// Says what should stand where.
    pub(super) fn read(text: &str, names: &[&str]) -> Result<Formula, String> {
        if text.len() > LENGTH_MAX {
            return Err(format!("at most {LENGTH_MAX} characters"));
        }
        let mut reader = Reader { text, at: 0, names };
        let formula = reader.sum(0)?;
        match reader.peek() {
            None => Ok(formula),
            Some(_) => Err(reader.expected("+, -, * or /")),
        }
    }

    /// None where something is divided by zero, or too large for a number.
    pub(super) fn value(&self, values: &[f64]) -> Option<f64> {
        let value = match self {
            Formula::Number(number) => *number,
            Formula::Event(place) => values[*place],
            Formula::Minus(one) => -one.value(values)?,
            Formula::Of(a, sign, b) => {
                let (a, b) = (a.value(values)?, b.value(values)?);
                match sign {
                    Sign::Plus => a + b,
                    Sign::Minus => a - b,
                    Sign::Times => a * b,
                    Sign::By if b == 0.0 => return None,
                    Sign::By => a / b,
                }
            }
        };
        value.is_finite().then_some(value)
    }
}

struct Reader<'t> {
    text: &'t str,
    at: usize,
    names: &'t [&'t str],
}

impl<'t> Reader<'t> {
    fn sum(&mut self, depth: usize) -> Result<Formula, String> {
        let mut all = self.product(depth)?;
        while let Some(sign) = self.sign(&[('+', Sign::Plus), ('-', Sign::Minus)]) {
            all = Formula::Of(Box::new(all), sign, Box::new(self.product(depth)?));
        }
        Ok(all)
    }

    fn product(&mut self, depth: usize) -> Result<Formula, String> {
        let mut all = self.one(depth)?;
        while let Some(sign) = self.sign(&[('*', Sign::Times), ('/', Sign::By)]) {
            all = Formula::Of(Box::new(all), sign, Box::new(self.one(depth)?));
        }
        Ok(all)
    }

    fn one(&mut self, depth: usize) -> Result<Formula, String> {
        if depth > DEPTH_MAX {
            return Err(format!("at most {DEPTH_MAX} parentheses and signs in each other"));
        }
        match self.peek() {
            Some('-') => {
                self.at += 1;
                Ok(Formula::Minus(Box::new(self.one(depth + 1)?)))
            }
            Some('(') => {
                self.at += 1;
                let inside = self.sum(depth + 1)?;
                match self.peek() {
                    Some(')') => self.at += 1,
                    _ => return Err(self.expected("`)`")),
                }
                Ok(inside)
            }
            Some(first) if first.is_ascii_digit() || first == '.' => {
                let start = self.at;
                let word = self.word(|next| next.is_ascii_digit() || next == '.');
                let number = word.parse().ok().filter(|number: &f64| number.is_finite());
                number.map(Formula::Number).ok_or_else(|| {
                    self.at = start;
                    self.expected("a number")
                })
            }
            _ => {
                let start = self.at;
                let word = self.word(is_of_name);
                let place = self.names.iter().position(|name| *name == word);
                place.map(Formula::Event).ok_or_else(|| {
                    self.at = start;
                    let names = self.names.join(", ");
                    self.expected(&format!("a number, `(`, or the name of an event ({names})"))
                })
            }
        }
    }

    fn sign(&mut self, signs: &[(char, Sign)]) -> Option<Sign> {
        let next = self.peek()?;
        let (_, sign) = signs.iter().find(|(sign, _)| *sign == next)?;
        self.at += 1;
        Some(*sign)
    }

    /// The next character that is no space.
    fn peek(&mut self) -> Option<char> {
        let rest = &self.text[self.at..];
        self.at += rest.len() - rest.trim_start().len();
        self.text[self.at..].chars().next()
    }

    fn word(&mut self, belongs: impl Fn(char) -> bool) -> &'t str {
        let rest = &self.text[self.at..];
        let end = rest.find(|next| !belongs(next)).unwrap_or(rest.len());
        self.at += end;
        &rest[..end]
    }

    fn expected(&self, what: &str) -> String {
        format!("{what} at character {}", self.text[..self.at].chars().count() + 1)
    }
}

/// Whether a character may stand in the name of an event of a formula, after the first.
pub(super) fn is_of_name(character: char) -> bool {
    character.is_ascii_alphanumeric() || character == '_'
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// Formulas over A and B, each with its text in full parentheses.
    fn formula() -> impl Strategy<Value = (Formula, String)> {
        let leaf = prop_oneof![
            (0u32..100).prop_map(|n| (Formula::Number(n.into()), n.to_string())),
            (0usize..2).prop_map(|at| (Formula::Event(at), ["A", "B"][at].to_owned())),
        ];
        leaf.prop_recursive(4, 16, 2, |inner| {
            let signs = [Sign::Plus, Sign::Minus, Sign::Times, Sign::By];
            let sign = prop::sample::select(signs.to_vec());
            let of = (inner.clone(), sign, inner.clone()).prop_map(|((a, x), sign, (b, y))| {
                let word = match sign {
                    Sign::Plus => "+",
                    Sign::Minus => " - ",
                    Sign::Times => "*",
                    Sign::By => "/ ",
                };
                (Formula::Of(Box::new(a), sign, Box::new(b)), format!("({x}{word}{y})"))
            });
            let minus = inner.prop_map(|(a, x)| (Formula::Minus(Box::new(a)), format!("-{x}")));
            prop_oneof![of, minus]
        })
    }

    proptest! {
        #[test]
        fn a_formula_reads_as_it_was_written((formula, text) in formula()) {
            prop_assert_eq!(Formula::read(&text, &["A", "B"]), Ok(formula));
        }

        #[test]
        fn whatever_is_sent_is_read_or_refused(text in "[-AB1.()+*/ é\u{2003}]{0,20}") {
            let _ = Formula::read(&text, &["A", "B"]).map(|formula| formula.value(&[0.0, 1.0]));
        }
    }

    fn value(text: &str, values: &[f64]) -> Option<f64> {
        Formula::read(text, &["A", "B", "rate_2"]).unwrap().value(values)
    }

    #[test]
    fn products_bind_before_sums_and_equals_from_the_left() {
        assert_eq!(value("A + B * 2", &[1.0, 3.0]), Some(7.0));
        assert_eq!(value(" (A+B)*2 - rate_2/ 4 ", &[1.0, 3.0, 2.0]), Some(7.5));
        assert_eq!(value("A / B / 2", &[12.0, 3.0]), Some(2.0));
        assert_eq!(value("A - B - 2", &[12.0, 3.0]), Some(7.0));
        assert_eq!(value("-A * -(B - .5)", &[2.0, 3.0]), Some(5.0));
        assert_eq!(value("- - A", &[2.0]), Some(2.0));
    }

    #[test]
    fn what_is_divided_by_zero_has_no_value() {
        assert_eq!(value("A / B", &[1.0, 0.0]), None);
        assert_eq!(value("A / B", &[0.0, 0.0]), None);
        assert_eq!(value("1 + A / (B - B) * 0", &[1.0, 2.0]), None);
        assert_eq!(value("A * A", &[1e200]), None);
    }

    #[test]
    fn what_is_no_formula_is_told_where() {
        let deep = format!("{}A{}", "(".repeat(17), ")".repeat(17));
        let long = "A+".repeat(200);
        for (text, said) in [
            ("", "the name of an event (A, B) at character 1"),
            ("A +", "at character 4"),
            ("A B", "+, -, * or / at character 3"),
            ("(A", "`)` at character 3"),
            ("A)", "+, -, * or / at character 2"),
            ("A * C", "(A, B) at character 5"),
            ("Ä * A", "(A, B) at character 1"),
            ("A * 1.2.3", "a number at character 5"),
            (&deep, "16 parentheses"),
            (&"-".repeat(200), "16 parentheses"),
            (&long, "at most 256"),
        ] {
            let refused = Formula::read(text, &["A", "B"]).unwrap_err();
            assert!(refused.contains(said), "{text}: {refused}");
        }
    }
}
