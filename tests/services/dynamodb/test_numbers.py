from __future__ import annotations

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cloudlet.services.dynamodb.errors import ValidationException
from cloudlet.services.dynamodb.numbers import Wording, add, canonical_number, number_order, number_size

OVERFLOW = "Number overflow. Attempting to store a number with magnitude larger than supported range"
UNDERFLOW = "Number underflow. Attempting to store a number with magnitude smaller than supported range"
NOT_NUMERIC = "The parameter cannot be converted to a numeric value"
TOO_PRECISE = "Attempting to store more than 38 significant digits in a Number"


@st.composite
def numbers(draw):
    digits = draw(st.integers(1, 10**38 - 1))
    exponent = draw(st.integers(-130, 125 - len(str(digits)) + 1))
    sign = draw(st.sampled_from(["", "-"]))
    return canonical_number(f"{sign}{digits}e{exponent}")


@pytest.mark.parametrize(
    ("sent", "kept"),
    [
        ("0", "0"),
        ("-0", "0"),
        ("0.0", "0"),
        ("0e125", "0"),
        ("0e1000", "0"),
        ("007", "7"),
        ("1.0", "1"),
        ("1e2", "100"),
        ("1E125", "1" + "0" * 125),
        ("-1.50", "-1.5"),
        (".5", "0.5"),
        ("0042.1200", "42.12"),
        ("1e-130", "0." + "0" * 129 + "1"),
        ("12345678901234567890123456789012345678", "12345678901234567890123456789012345678"),
        ("9.9999999999999999999999999999999999999e125", "9" * 38 + "0" * 88),
    ],
)
def test_number_is_kept_in_its_canonical_text(sent, kept):
    assert canonical_number(sent) == kept


@pytest.mark.parametrize(
    ("sent", "message"),
    [
        ("1e126", OVERFLOW),
        ("-1e126", OVERFLOW),
        ("1e99999999999", OVERFLOW),
        ("1e2147483647", OVERFLOW),
        ("1e2147483648", OVERFLOW),
        ("1e-131", UNDERFLOW),
        ("1e-99999999999", UNDERFLOW),
        ("1e9223372036854775808", f"{NOT_NUMERIC}: 1e9223372036854775808"),
        ("", f"{NOT_NUMERIC}: "),
        ("abc", f"{NOT_NUMERIC}: abc"),
        ("1.2.3", f"{NOT_NUMERIC}: 1.2.3"),
        (" 1", f"{NOT_NUMERIC}:  1"),
        ("1 ", f"{NOT_NUMERIC}: 1 "),
        ("0x10", f"{NOT_NUMERIC}: 0x10"),
        ("1e", f"{NOT_NUMERIC}: 1e"),
        ("NaN", f"{NOT_NUMERIC}: NaN"),
        ("Infinity", f"{NOT_NUMERIC}: Infinity"),
        ("1234567890123456789012345678901234567890", TOO_PRECISE),
        ("123456789012345678901234567890123456789", TOO_PRECISE),
        ("-1.23456789012345678901234567890123456789", TOO_PRECISE),
    ],
)
def test_number_that_dynamodb_refuses_is_refused_in_its_words(sent, message):
    with pytest.raises(ValidationException) as refused:
        canonical_number(sent)
    assert refused.value.message == message


@pytest.mark.parametrize(
    ("sent", "message"), [("", NOT_NUMERIC), ("1e2147483647", UNDERFLOW), ("1e126", OVERFLOW)]
)
def test_older_wording_differs_for_empty_text_and_huge_exponents(sent, message):
    with pytest.raises(ValidationException) as refused:
        canonical_number(sent, Wording.OLDER)
    assert refused.value.message == message


@pytest.mark.parametrize(
    ("number", "size"),
    [
        ("0", 1),
        ("1", 2),
        ("-1", 3),
        ("12", 2),
        ("123456", 4),
        ("3.14159", 5),
        ("1" + "0" * 125, 2),
        ("42.12", 3),
    ],
)
def test_number_weighs_a_byte_and_one_for_each_begun_pair_of_digits(number, size):
    assert number_size(number) == size


@given(numbers(), numbers())
def test_bytes_of_numbers_sort_as_the_numbers_do(left, right):
    first, second = Decimal(left), Decimal(right)
    assert (number_order(left) < number_order(right)) == (first < second)
    assert (number_order(left) == number_order(right)) == (first == second)


@given(numbers())
def test_canonical_text_is_the_same_number_and_canonical_already(number):
    assert canonical_number(number) == number
    assert canonical_number(f"{Decimal(number):e}") == number


@given(numbers())
def test_zero_sorts_between_negative_and_positive_numbers(number):
    assert (number_order(number) < number_order("0")) == number.startswith("-")


def test_sum_is_exact_to_thirty_eight_digits():
    assert add("1" + "0" * 20, "0.00000000000000001") == "100000000000000000000.00000000000000001"


def test_sum_of_more_than_thirty_eight_digits_is_refused():
    with pytest.raises(ValidationException) as refused:
        add("1" + "0" * 40, "1")
    assert refused.value.message == OVERFLOW


def test_sum_beyond_the_range_overflows():
    largest = "9" * 38 + "0" * 88
    with pytest.raises(ValidationException) as refused:
        add(largest, largest)
    assert refused.value.message == OVERFLOW
