//! Python's pickle format, protocols 2 to 5, as far as a state dict goes: a machine with a stack that builds
//! dictionaries, lists, tuples, texts and numbers. It calls nothing: where Python would call a function, the few
//! known ones of [`super::globals`] are read as what they mean, and every other is refused.
//!
//! Format: Python's `Lib/pickletools.py`. Every object is one node of a list and refers to others by its place,
//! so nothing here recurses; steps and copies are counted, so nothing grows beyond the limits below.

use std::collections::BTreeMap;

use super::globals::{self, Global};
use super::number::Number;
use super::refused;
use super::stored::MOST_DIMENSIONS;
use crate::error::{DeepError, Result};

/// Instructions: about forty make a tensor, so this is a hundred thousand tensors.
const MOST_STEPS: usize = 1 << 22;
/// Objects copied from one container into another, all together.
const MOST_COPIES: usize = 1 << 22;

/// The place of an object.
pub(super) type Id = usize;

/// An object.
#[derive(Debug, PartialEq)]
pub(super) enum Node<'a> {
    Int(i64),
    Text(&'a str),
    Tuple(Vec<Id>),
    List(Vec<Id>),
    Dict(Vec<(Id, Id)>),
    Global(Global),
    Storage(Storage<'a>),
    Tensor(Tensor<'a>),
    /// Anything that no tensor is made of.
    Aside,
}

/// Where the numbers of tensors lie.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Storage<'a> {
    pub(super) number: Number,
    pub(super) key: &'a str,
    pub(super) count: usize,
}

/// A view of a storage, not yet checked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Tensor<'a> {
    pub(super) storage: Storage<'a>,
    pub(super) offset: usize,
    pub(super) shape: Vec<usize>,
    pub(super) strides: Vec<usize>,
}

/// All objects of a pickle.
#[derive(Debug, Default)]
pub(super) struct Objects<'a> {
    nodes: Vec<Node<'a>>,
}

impl<'a> Objects<'a> {
    pub(super) fn node(&self, id: Id) -> &Node<'a> {
        &self.nodes[id]
    }

    pub(super) fn all(&self) -> &[Node<'a>] {
        &self.nodes
    }
}

/// Reads one pickle from the front of `bytes`: its objects, which of them is the whole, and the bytes after it.
pub(super) fn load(bytes: &[u8]) -> Result<(Objects<'_>, Id, &[u8])> {
    let mut machine = Machine {
        rest: bytes,
        objects: Objects::default(),
        stack: Vec::new(),
        marks: Vec::new(),
        memo: BTreeMap::new(),
        copies: 0,
    };
    for _ in 0..MOST_STEPS {
        if let Some(root) = machine.step()? {
            return Ok((machine.objects, root, machine.rest));
        }
    }
    Err(broken(&format!("more than {MOST_STEPS} instructions")))
}

fn broken(found: &str) -> DeepError {
    refused(
        format!("a pickle with {found}"),
        "a state dict as torch.save writes it",
    )
}

struct Machine<'a> {
    rest: &'a [u8],
    objects: Objects<'a>,
    stack: Vec<Id>,
    /// Heights of the stack.
    marks: Vec<usize>,
    memo: BTreeMap<u32, Id>,
    copies: usize,
}

impl<'a> Machine<'a> {
    fn take(&mut self, length: usize) -> Result<&'a [u8]> {
        let (part, rest) = self
            .rest
            .split_at_checked(length)
            .ok_or_else(|| broken("its end missing"))?;
        self.rest = rest;
        Ok(part)
    }

    fn array<const N: usize>(&mut self) -> Result<[u8; N]> {
        let part = self.take(N)?;
        part.try_into().map_err(|_| broken("its end missing"))
    }

    fn byte(&mut self) -> Result<u8> {
        let [byte] = self.array()?;
        Ok(byte)
    }

    /// A length of N bytes; beyond the file's end it is refused where it is used.
    fn length<const N: usize>(&mut self) -> Result<usize> {
        let bytes = self.array::<N>()?;
        let length = bytes.iter().rev().fold(0, |n, b| n << 8 | u64::from(*b));
        usize::try_from(length).map_err(|_| broken("a length beyond memory"))
    }

    fn line(&mut self) -> Result<&'a str> {
        let end = self.rest.iter().position(|b| *b == b'\n');
        let line = self.take(end.ok_or_else(|| broken("a name without end"))?)?;
        self.take(1)?;
        std::str::from_utf8(line).map_err(|_| broken("a name that is no text"))
    }

    fn push(&mut self, node: Node<'a>) {
        self.stack.push(self.objects.nodes.len());
        self.objects.nodes.push(node);
    }

    fn push_text(&mut self, bytes: &'a [u8]) {
        self.push(std::str::from_utf8(bytes).map_or(Node::Aside, Node::Text));
    }

    /// Takes the top; what lies under a mark is not to be had.
    fn pop(&mut self) -> Result<Id> {
        let floor = self.marks.last().copied().unwrap_or(0);
        match self.stack.pop() {
            Some(top) if self.stack.len() >= floor => Ok(top),
            _ => Err(broken("an empty stack")),
        }
    }

    fn top(&self) -> Result<Id> {
        self.stack
            .last()
            .copied()
            .ok_or_else(|| broken("an empty stack"))
    }

    fn pop_mark(&mut self) -> Result<Vec<Id>> {
        let mark = self.marks.pop().ok_or_else(|| broken("no mark"))?;
        if mark > self.stack.len() {
            return Err(broken("a mark above its stack"));
        }
        Ok(self.stack.split_off(mark))
    }

    fn tuple(&mut self, length: usize) -> Result<()> {
        let mut items = (0..length)
            .map(|_| self.pop())
            .collect::<Result<Vec<_>>>()?;
        items.reverse();
        self.push(Node::Tuple(items));
        Ok(())
    }

    fn remember(&mut self, place: u32) -> Result<()> {
        let top = self.top()?;
        self.memo.insert(place, top);
        Ok(())
    }

    fn recall(&mut self, place: u32) -> Result<()> {
        let id = self.memo.get(&place).copied();
        self.stack
            .push(id.ok_or_else(|| broken("a memory that was not kept"))?);
        Ok(())
    }

    fn integer(&mut self, length: usize) -> Result<()> {
        let bytes = self.take(length)?;
        // Two's complement, little-endian. Longer ones than i64 are no size of a tensor.
        let node = if bytes.len() > 8 {
            Node::Aside
        } else {
            let negative = bytes.last().is_some_and(|b| b >> 7 == 1);
            let mut filled = [if negative { 0xFF } else { 0 }; 8];
            filled[..bytes.len()].copy_from_slice(bytes);
            Node::Int(i64::from_le_bytes(filled))
        };
        self.push(node);
        Ok(())
    }

    fn append(&mut self, items: Vec<Id>) -> Result<()> {
        let list = self.top()?;
        match &mut self.objects.nodes[list] {
            Node::List(list) => list.extend(items),
            Node::Aside => {}
            _ => return Err(broken("an item for something that is no list")),
        }
        Ok(())
    }

    fn set_items(&mut self, items: &[Id]) -> Result<()> {
        let (pairs, []) = items.as_chunks::<2>() else {
            return Err(broken("a key without value"));
        };
        let dict = self.top()?;
        match &mut self.objects.nodes[dict] {
            Node::Dict(dict) => dict.extend(pairs.iter().map(|[key, value]| (*key, *value))),
            Node::Aside => {}
            _ => return Err(broken("a key for something that is no dictionary")),
        }
        Ok(())
    }

    /// One instruction; the whole object when it was the last.
    fn step(&mut self) -> Result<Option<Id>> {
        match self.byte()? {
            b'.' => return self.pop().map(Some),
            0x80 => {
                // Protocol.
                if self.byte()? > 5 {
                    return Err(broken("a protocol after 5"));
                }
            }
            0x95 => drop(self.take(8)?), // frame
            b'(' => self.marks.push(self.stack.len()),
            b'0' => drop(self.pop()?),
            b'1' => drop(self.pop_mark()?),
            b'2' => self.stack.push(self.top()?),
            b'N' | 0x88 | 0x89 => self.push(Node::Aside), // None, True, False
            b'K' => self.integer_of::<1>()?,
            b'M' => self.integer_of::<2>()?,
            b'J' => self.integer(4)?,
            0x8A => {
                let length = self.length::<1>()?;
                self.integer(length)?;
            }
            0x8B => {
                let length = self.length::<4>()?;
                self.integer(length)?;
            }
            b'G' => {
                self.take(8)?;
                self.push(Node::Aside);
            }
            b'X' | b'T' => self.text::<4>()?,
            0x8C | b'U' => self.text::<1>()?,
            0x8D => self.text::<8>()?,
            b'C' => self.aside::<1>()?, // bytes
            b'B' => self.aside::<4>()?,
            0x8E | 0x96 => self.aside::<8>()?,
            b')' => self.push(Node::Tuple(Vec::new())),
            0x85 => self.tuple(1)?,
            0x86 => self.tuple(2)?,
            0x87 => self.tuple(3)?,
            b't' => {
                let items = self.pop_mark()?;
                self.push(Node::Tuple(items));
            }
            b']' => self.push(Node::List(Vec::new())),
            b'a' => {
                let item = self.pop()?;
                self.append(vec![item])?;
            }
            b'e' => {
                let items = self.pop_mark()?;
                self.append(items)?;
            }
            b'}' => self.push(Node::Dict(Vec::new())),
            b's' => {
                let value = self.pop()?;
                let key = self.pop()?;
                self.set_items(&[key, value])?;
            }
            b'u' => {
                let items = self.pop_mark()?;
                self.set_items(&items)?;
            }
            b'q' => {
                let place = self.byte()?;
                self.remember(place.into())?;
            }
            b'r' => {
                let place = self.array()?;
                self.remember(u32::from_le_bytes(place))?;
            }
            0x94 => {
                let place = u32::try_from(self.memo.len());
                self.remember(place.map_err(|_| broken("too much to remember"))?)?;
            }
            b'h' => {
                let place = self.byte()?;
                self.recall(place.into())?;
            }
            b'j' => {
                let place = self.array()?;
                self.recall(u32::from_le_bytes(place))?;
            }
            b'c' => {
                let (module, name) = (self.line()?, self.line()?);
                self.push(Node::Global(globals::find(module, name)?));
            }
            0x93 => self.stacked_global()?,
            // REDUCE and NEWOBJ: a name and what it is made of.
            b'R' | 0x81 => self.reduce()?,
            b'b' => self.build()?,
            b'Q' => self.storage()?,
            other => return Err(broken(&format!("the instruction 0x{other:02x}"))),
        }
        Ok(None)
    }

    fn integer_of<const N: usize>(&mut self) -> Result<()> {
        let number = self.length::<N>()?;
        self.push(i64::try_from(number).map_or(Node::Aside, Node::Int));
        Ok(())
    }

    fn text<const N: usize>(&mut self) -> Result<()> {
        let length = self.length::<N>()?;
        let bytes = self.take(length)?;
        self.push_text(bytes);
        Ok(())
    }

    fn aside<const N: usize>(&mut self) -> Result<()> {
        let length = self.length::<N>()?;
        self.take(length)?;
        self.push(Node::Aside);
        Ok(())
    }

    fn stacked_global(&mut self) -> Result<()> {
        let (name, module) = (self.pop()?, self.pop()?);
        let (Node::Text(module), Node::Text(name)) =
            (self.objects.node(module), self.objects.node(name))
        else {
            return Err(broken("a name that is no text"));
        };
        let global = globals::find(module, name)?;
        self.push(Node::Global(global));
        Ok(())
    }

    fn reduce(&mut self) -> Result<()> {
        let (arguments, global) = (self.pop()?, self.pop()?);
        let (Node::Global(global), Node::Tuple(arguments)) =
            (self.objects.node(global), self.objects.node(arguments))
        else {
            return Err(broken("a call of something without a name"));
        };
        let node = match (*global, arguments.as_slice()) {
            (Global::Aside, _) => Node::Aside,
            (Global::OrderedDict, []) => Node::Dict(Vec::new()),
            (Global::OrderedDict, &[items]) => Node::Dict(self.pairs(items)?),
            (Global::RebuildTensor, arguments) => Node::Tensor(self.tensor(arguments)?),
            (Global::RebuildParameter | Global::Size, &[same, ..]) => {
                self.stack.push(same);
                return Ok(());
            }
            (global, arguments) => {
                return Err(broken(&format!("{global:?} of {} things", arguments.len())));
            }
        };
        self.push(node);
        Ok(())
    }

    /// The pairs of a list, for a dictionary.
    fn pairs(&mut self, list: Id) -> Result<Vec<(Id, Id)>> {
        let Node::List(list) = self.objects.node(list) else {
            return Err(broken("a dictionary of something that is no list"));
        };
        self.copies += list.len();
        if self.copies > MOST_COPIES {
            return Err(broken(&format!("more than {MOST_COPIES} copies")));
        }
        list.iter()
            .map(|pair| match self.objects.node(*pair) {
                Node::Tuple(pair) | Node::List(pair) if pair.len() == 2 => Ok((pair[0], pair[1])),
                _ => Err(broken("a dictionary of something else than pairs")),
            })
            .collect()
    }

    /// (storage, offset, size, stride, …).
    fn tensor(&self, arguments: &[Id]) -> Result<Tensor<'a>> {
        let &[storage, offset, shape, strides, ..] = arguments else {
            return Err(broken("a tensor of too few things"));
        };
        let Node::Storage(storage) = self.objects.node(storage) else {
            return Err(broken("a tensor without storage"));
        };
        Ok(Tensor {
            storage: *storage,
            offset: self.size(offset)?,
            shape: self.sizes(shape)?,
            strides: self.sizes(strides)?,
        })
    }

    fn size(&self, id: Id) -> Result<usize> {
        match self.objects.node(id) {
            Node::Int(size) => {
                usize::try_from(*size).map_err(|_| broken(&format!("a tensor of size {size}")))
            }
            _ => Err(broken("a tensor of sizes that are no numbers")),
        }
    }

    fn sizes(&self, id: Id) -> Result<Vec<usize>> {
        match self.objects.node(id) {
            Node::Tuple(sizes) if sizes.len() <= MOST_DIMENSIONS => {
                sizes.iter().map(|size| self.size(*size)).collect()
            }
            Node::Tuple(sizes) => Err(broken(&format!("a tensor of {} dimensions", sizes.len()))),
            _ => Err(broken("a tensor without sizes")),
        }
    }

    /// State for an object: attributes of a dictionary are not its items.
    fn build(&mut self) -> Result<()> {
        self.pop()?;
        match self.objects.node(self.top()?) {
            Node::Dict(_) | Node::Aside | Node::Tensor(_) => Ok(()),
            _ => Err(broken("a state for something that has none")),
        }
    }

    /// A reference to what lies outside the pickle: ("storage", type, key, device, count, …).
    fn storage(&mut self) -> Result<()> {
        let id = self.pop()?;
        let Node::Tuple(parts) = self.objects.node(id) else {
            return Err(broken("a reference that is no tuple"));
        };
        let &[kind, number, key, _, count, ..] = parts.as_slice() else {
            return Err(broken("a reference of too few things"));
        };
        let (Node::Text("storage"), Node::Global(Global::Storage(number)), Node::Text(key)) = (
            self.objects.node(kind),
            self.objects.node(number),
            self.objects.node(key),
        ) else {
            return Err(broken("a reference to something that is no storage"));
        };
        let storage = Storage {
            number: *number,
            key,
            count: self.size(count)?,
        };
        self.push(Node::Storage(storage));
        Ok(())
    }
}
