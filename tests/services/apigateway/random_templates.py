"""Mapping templates made at random, of what Velocity and AWS agree about.

They keep clear of what AWS is known to do otherwise: null, macros, and ranges between references.
"""

from __future__ import annotations

import random
from typing import Final

PREPARED: Final = (
    "#set($n = 7)#set($k = -3)#set($s = 'a,b Cd')#set($t = \"x\")#set($l = [3, 'b', 2.5, true])"
    "#set($m = {'a': 1, 'b': [1, 2], 'c': {'d': 'e'}})#set($yes = true)#set($no = false)"
    "#set($o = {'x': 1})#set($p = [0])"
)
_WORDS: Final = ("a", "b", "Cd", "", " ", "a,b", "é", "x1")
_SPACES: Final = ("", "", " ", "\n", "  \n", "\n  ", "\t", "\n\n")
_INTEGERS: Final = (
    "$n",
    "$k",
    "$s.length()",
    "$l.size()",
    "$m.a",
    "$m.b[1]",
    "$m.size()",
    "$s.indexOf('b')",
    "$s.lastIndexOf('a')",
    "$s.compareTo('b')",
    "$l.indexOf(2.5)",
    "$n.intValue()",
)
_TEXTS: Final = (
    "$s",
    "$t",
    "$s.toUpperCase()",
    "$s.substring(2)",
    "$s.substring(1, 3)",
    "$s.replace('a', '$')",
    "$s.replaceAll('[a-c]', '.')",
    "$s.replaceAll('(b) (C)', '$2-$1')",
    "$s.trim()",
    "$s.concat('!')",
    "$s.split(',')[0]",
    "$m.c.d",
    "$l[1]",
    "$l.get(1)",
    "$s.replaceFirst('[,b]', '<$0>')",
    "$s.format('%s-%d-%x', $t, 3, 255)",
    "$n.toString()",
    "$s.toLowerCase()",
    "$m.get('c').d",
    "$m.getOrDefault('q', 'none')",
    "$l.toString()",
    "$m.toString()",
)
_TRUTHS: Final = (
    "true",
    "false",
    "$yes",
    "$no",
    "!$no",
    "$s.contains('b')",
    "$l.contains('b')",
    "$m.containsKey('a')",
    "$m.containsValue(1)",
    "$s.isEmpty()",
    "$s.endsWith('d')",
    "$s.startsWith('b')",
    "$s.equalsIgnoreCase('A,B cD')",
    "$s.matches('.*[A-D].')",
    "$t.equals('x')",
    "$l.isEmpty()",
)
_LISTS: Final = (
    "$l",
    "$m.b",
    "[1..3]",
    "[2..-1]",
    "$m.keySet()",
    "$m.values()",
    "$m",
    "$s.split('[, ]')",
    "[]",
)
_SHOWN: Final = (
    "$n",
    "${n}",
    "$!n",
    "$!{s}",
    "$l",
    "$m",
    "$m.c",
    "$m['b']",
    "$l[0]",
    "$l[2]",
    "$m.entrySet()",
    "$s.length()",
    "$t$t",
    "$n.5",
    "$t.",
    "$5",
    "\\$n",
    "\\\\$n",
    "#x",
    "$ {n}",
    " ## said\n",
    "#* a\n b *#",
    "#[[ $n #if ]]#",
    '{"a": "$s"}',
    "$m.c.d.length()",
    "$l.subList(1, 3)",
    "$o$p",
    "# x",
    ",a#b",
    "$s.split(',').size()",
    "&amp;",
    "'$t'",
)


class RandomTemplates:
    """A source of templates."""

    def __init__(self, source: random.Random) -> None:
        self._random = source

    def template(self) -> str:
        """A whole template."""
        return PREPARED + self._body(3, 6)

    def _one(self, *choices: str) -> str:
        return self._random.choice(choices)

    def _body(self, depth: int, most: int = 3) -> str:
        count = self._random.randint(1, most)
        return "".join(self._one(*_SPACES) + self._part(depth) for _ in range(count)) + self._one(*_SPACES)

    def _part(self, depth: int) -> str:
        chosen = self._random.randrange(10)
        if chosen < 4:
            return self._one(*_SHOWN)
        if chosen == 4:
            return "," + self._one(*_WORDS)
        if chosen < 8 or depth == 0:
            return self._assignment()
        return self._conditional(depth) if chosen == 8 else self._loop(depth)

    def _assignment(self) -> str:
        chosen = self._random.randrange(5)
        space = self._one("", " ")
        if chosen == 0:
            return f"#set($v{space}={space}{self._number(2)})$v"
        if chosen == 1:
            return f"#set({space}$u = {self._text(1)}{space})$u"
        if chosen == 2:
            return f"#set($w={self._truth(2)}){space}$w"
        if chosen == 3:
            return f"#set( $z = {self._list()}{space} ){space}$z.size()"
        # Of maps and lists that no loop runs over: Java refuses to go on with those that changed meanwhile.
        return self._one(
            "#set($o.x = 5)", "#set($p[0] = 'q')", "#set($o['y'] = [1])", "$!o.remove('x')", "$p.add(1)"
        )

    def _conditional(self, depth: int) -> str:
        text = f"#if({self._truth(2)}){self._body(depth - 1)}"
        if self._random.random() < 0.4:
            text += f"#elseif( {self._truth(1)} ){self._body(depth - 1)}"
        if self._random.random() < 0.5:
            text += self._one("#else", "#{else}") + self._one(" ", "\n") + self._body(depth - 1)
        return text + self._one("#end", "#{end}")

    def _loop(self, depth: int) -> str:
        if self._random.random() < 0.2:
            return f"#foreach($x in $m.entrySet())$x.key=$x.value $x.getKey(){self._body(depth - 1)}#end"
        seen = self._one("$e", "$foreach.index", "$foreach.count", "$velocityCount", "$e;$foreach.last", "")
        rest = self._one(
            "", "#if($foreach.hasNext),#end", "#if($foreach.count == 2)#break#end", "#if($foreach.first)1#end"
        )
        return f"#foreach({self._one('', ' ')}$e in {self._list()}){self._body(depth - 1)}{seen}{rest}#end"

    def _number(self, depth: int) -> str:
        chosen = self._random.randrange(4)
        if depth == 0 or chosen == 0:
            return self._one(*_INTEGERS, str(self._random.randint(-50, 50)))
        if chosen == 1:
            return self._one("1.5", "2.0", "0.25", "1e3", "-7.125")
        left, right = self._number(depth - 1), self._number(depth - 1)
        return self._one(
            f"({left} + {right})",
            f"({left} - {right})",
            f"({left} * {right})",
            f"({left} / 3)",
            f"({left} / -2.0)",
            f"({self._one(*_INTEGERS)} % 4)",
        )

    def _text(self, depth: int) -> str:
        chosen = self._random.randrange(5)
        if chosen == 0:
            return f"'{self._one(*_WORDS)}'"
        if chosen == 1:
            return f'"<$n {self._one(*_WORDS)} ${{t}}>"'
        if chosen == 2 and depth:
            return f'"#if({self._truth(0)})$s#{{else}}-#end"'
        if chosen == 3 and depth:
            return f"{self._text(0)} + {self._one(self._number(0), self._text(0))}"
        return self._one(*_TEXTS)

    def _truth(self, depth: int) -> str:
        chosen = self._random.randrange(6)
        if depth == 0 or chosen == 0:
            return self._one(*_TRUTHS)
        if chosen < 3:
            sign = self._one("==", "!=", "<", ">", "<=", ">=", "lt", "eq", "ge", "ne")
            return f"{self._number(1)} {sign} {self._number(1)}"
        if chosen == 3:
            return f"{self._text(0)} {self._one('==', '!=')} {self._text(0)}"
        if chosen == 4:
            return f"!({self._truth(depth - 1)})"
        return f"({self._truth(depth - 1)} {self._one('&&', '||', 'and', 'or')} {self._truth(depth - 1)})"

    def _list(self) -> str:
        if self._random.random() < 0.7:
            return self._one(*_LISTS)
        items = [self._one(self._number(0), self._text(0)) for _ in range(self._random.randint(0, 3))]
        return f"[{', '.join(items)}]"
