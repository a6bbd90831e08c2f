#include "apiserver/cache/entry_tree.h"

#include <array>

#include "base/check.h"

namespace mizzen::apiserver {
namespace {

/// Entries of a leaf, children of an inner node. A leaf is split at kMax and merged with a neighbour below
/// kMin.
constexpr uint16_t kMax = 48;
constexpr uint16_t kMin = 16;

}  // namespace

/// A leaf holds entries, an inner node children; `entries` below it are counted. Shared by reference count.
struct EntryTree::Node {
  explicit Node(bool is_leaf) : leaf(is_leaf) {}

  std::atomic<uint32_t> references{1};
  uint16_t count = 0;
  const bool leaf;
  size_t entries = 0;

  struct Leaf;
  struct Inner;
  Leaf& as_leaf();
  const Leaf& as_leaf() const;
  Inner& as_inner();
  const Inner& as_inner() const;
  std::string_view first_key() const;
};

struct EntryTree::Node::Leaf : Node {
  Leaf() : Node(true) {}
  std::array<EntryPtr, kMax> slots;
};
struct EntryTree::Node::Inner : Node {
  Inner() : Node(false) {}
  std::array<Node*, kMax> children{};
};

using Node = EntryTree::Node;

Node::Leaf& Node::as_leaf() { return static_cast<Leaf&>(*this); }
const Node::Leaf& Node::as_leaf() const { return static_cast<const Leaf&>(*this); }
Node::Inner& Node::as_inner() { return static_cast<Inner&>(*this); }
const Node::Inner& Node::as_inner() const { return static_cast<const Inner&>(*this); }

std::string_view Node::first_key() const {
  const Node* node = this;
  while (!node->leaf) node = node->as_inner().children[0];
  return node->as_leaf().slots[0]->key();
}

namespace {

Node* retain(Node* node) {
  node->references.fetch_add(1, std::memory_order_relaxed);
  return node;
}

void release(Node* node) {
  const uint32_t held = node->references.fetch_sub(1, std::memory_order_acq_rel);
  MZ_CHECK(held > 0, "a node is let go of once more than it was held");
  if (held != 1) return;
  if (node->leaf) {
    delete &node->as_leaf();
    return;
  }
  for (uint16_t i = 0; i < node->count; ++i) release(node->as_inner().children[i]);
  delete &node->as_inner();
}

/// A node that only this tree holds, in the place of `node`: itself where that is so, else a copy.
Node* own(Node*& node) {
  if (node->references.load(std::memory_order_acquire) == 1) return node;
  Node* copy = nullptr;
  if (node->leaf) {
    auto* leaf = new Node::Leaf();
    for (uint16_t i = 0; i < node->count; ++i) leaf->slots[i] = node->as_leaf().slots[i];
    copy = leaf;
  } else {
    auto* inner = new Node::Inner();
    for (uint16_t i = 0; i < node->count; ++i) inner->children[i] = retain(node->as_inner().children[i]);
    copy = inner;
  }
  copy->count = node->count;
  copy->entries = node->entries;
  release(node);
  node = copy;
  return copy;
}

/// The first slot whose key is not before `key`.
uint16_t lower_bound(const Node::Leaf& leaf, std::string_view key) {
  uint16_t low = 0, high = leaf.count;
  while (low < high) {
    const uint16_t middle = static_cast<uint16_t>((low + high) / 2);
    if (leaf.slots[middle]->key() < key) {
      low = static_cast<uint16_t>(middle + 1);
    } else {
      high = middle;
    }
  }
  return low;
}

/// The child in which `key` stands or would stand.
uint16_t child_of(const Node::Inner& inner, std::string_view key) {
  uint16_t low = 1, high = inner.count;
  while (low < high) {
    const uint16_t middle = static_cast<uint16_t>((low + high) / 2);
    if (inner.children[middle]->first_key() <= key) {
      low = static_cast<uint16_t>(middle + 1);
    } else {
      high = middle;
    }
  }
  return static_cast<uint16_t>(low - 1);
}

void count_children(Node::Inner& inner) {
  inner.entries = 0;
  for (uint16_t i = 0; i < inner.count; ++i) inner.entries += inner.children[i]->entries;
}

/// Moves the upper half of a full node into a new one.
Node* split(Node* node) {
  const uint16_t keep = kMax / 2;
  MZ_CHECK(node->count == kMax, "a node of {} is split", node->count);
  if (node->leaf) {
    auto* right = new Node::Leaf();
    for (uint16_t i = keep; i < node->count; ++i)
      right->slots[right->count++] = std::move(node->as_leaf().slots[i]);
    right->entries = right->count;
    node->count = keep;
    node->entries = keep;
    return right;
  }
  auto* right = new Node::Inner();
  for (uint16_t i = keep; i < node->count; ++i)
    right->children[right->count++] = node->as_inner().children[i];
  node->count = keep;
  count_children(node->as_inner());
  count_children(*right);
  return right;
}

void insert_child(Node::Inner& inner, uint16_t at, Node* child) {
  MZ_CHECK(inner.count < kMax, "{} children", inner.count);
  for (uint16_t i = inner.count; i > at; --i) inner.children[i] = inner.children[i - 1];
  inner.children[at] = child;
  ++inner.count;
}

/// Puts the entry below `node`, which is owned and has room; the entry that stood there.
EntryPtr put(Node* node, EntryPtr&& entry) {
  if (node->leaf) {
    Node::Leaf& leaf = node->as_leaf();
    const uint16_t at = lower_bound(leaf, entry->key());
    if (at < leaf.count && leaf.slots[at]->key() == entry->key())
      return std::exchange(leaf.slots[at], std::move(entry));
    MZ_CHECK(leaf.count < kMax, "{} entries", leaf.count);
    for (uint16_t i = leaf.count; i > at; --i) leaf.slots[i] = std::move(leaf.slots[i - 1]);
    leaf.slots[at] = std::move(entry);
    ++leaf.count;
    ++leaf.entries;
    return nullptr;
  }
  Node::Inner& inner = node->as_inner();
  uint16_t at = child_of(inner, entry->key());
  own(inner.children[at]);
  if (inner.children[at]->count == kMax) {
    insert_child(inner, static_cast<uint16_t>(at + 1), split(inner.children[at]));
    if (inner.children[at + 1]->first_key() <= entry->key()) ++at;
  }
  EntryPtr before = put(inner.children[at], std::move(entry));
  if (!before) ++inner.entries;
  return before;
}

/// Brings a child that has become small up by what its right or left neighbour has.
void rebalance(Node::Inner& inner, uint16_t at) {
  if (inner.count < 2 || inner.children[at]->count >= kMin) return;
  const uint16_t left_at = at + 1 < inner.count ? at : static_cast<uint16_t>(at - 1);
  // Together they would fill a node: they stay as they are.
  if (inner.children[left_at]->count + inner.children[left_at + 1]->count >= kMax) return;
  Node* left = own(inner.children[left_at]);
  Node* right = own(inner.children[left_at + 1]);
  if (left->leaf) {
    for (uint16_t i = 0; i < right->count; ++i)
      left->as_leaf().slots[left->count++] = std::move(right->as_leaf().slots[i]);
    left->entries = left->count;
  } else {
    for (uint16_t i = 0; i < right->count; ++i)
      left->as_inner().children[left->count++] = std::exchange(right->as_inner().children[i], nullptr);
    count_children(left->as_inner());
  }
  right->count = 0;
  release(right);
  for (uint16_t i = static_cast<uint16_t>(left_at + 1); i + 1 < inner.count; ++i)
    inner.children[i] = inner.children[i + 1];
  --inner.count;
}

/// Takes the entry out below `node`, which is owned; a child that is left empty goes.
EntryPtr take(Node* node, std::string_view key) {
  if (node->leaf) {
    Node::Leaf& leaf = node->as_leaf();
    const uint16_t at = lower_bound(leaf, key);
    MZ_CHECK(at < leaf.count && leaf.slots[at]->key() == key, "the entry {} has gone", key);
    EntryPtr taken = std::move(leaf.slots[at]);
    for (uint16_t i = at; i + 1 < leaf.count; ++i) leaf.slots[i] = std::move(leaf.slots[i + 1]);
    --leaf.count;
    --leaf.entries;
    return taken;
  }
  Node::Inner& inner = node->as_inner();
  const uint16_t at = child_of(inner, key);
  own(inner.children[at]);
  EntryPtr taken = take(inner.children[at], key);
  --inner.entries;
  if (inner.children[at]->count == 0) {
    release(inner.children[at]);
    for (uint16_t i = at; i + 1 < inner.count; ++i) inner.children[i] = inner.children[i + 1];
    --inner.count;
  } else {
    rebalance(inner, at);
  }
  return taken;
}

}  // namespace

EntryTree::EntryTree(const EntryTree& other) : root_(other.root_ ? retain(other.root_) : nullptr) {}
EntryTree::~EntryTree() {
  if (root_) release(root_);
}

size_t EntryTree::size() const { return root_ ? root_->entries : 0; }

EntryPtr EntryTree::find(std::string_view key) const {
  const Node* node = root_;
  if (!node) return nullptr;
  while (!node->leaf) node = node->as_inner().children[child_of(node->as_inner(), key)];
  const Node::Leaf& leaf = node->as_leaf();
  const uint16_t at = lower_bound(leaf, key);
  return at < leaf.count && leaf.slots[at]->key() == key ? leaf.slots[at] : nullptr;
}

EntryPtr EntryTree::set(EntryPtr entry) {
  if (!root_) root_ = new Node::Leaf();
  own(root_);
  if (root_->count == kMax) {
    auto* top = new Node::Inner();
    top->children[top->count++] = root_;
    top->entries = root_->entries;
    insert_child(*top, 1, split(root_));
    root_ = top;
  }
  return put(root_, std::move(entry));
}

EntryPtr EntryTree::erase(std::string_view key) {
  if (!find(key)) return nullptr;  // so that nothing is copied for nothing
  own(root_);
  EntryPtr taken = take(root_, key);
  if (root_->count == 0) {
    release(std::exchange(root_, nullptr));
  } else {
    while (!root_->leaf && root_->count == 1) {
      Node* child = retain(root_->as_inner().children[0]);
      release(root_);
      root_ = child;
    }
  }
  return taken;
}

size_t EntryTree::rank(std::string_view key) const {
  size_t before = 0;
  const Node* node = root_;
  if (!node) return 0;
  while (!node->leaf) {
    const Node::Inner& inner = node->as_inner();
    const uint16_t at = child_of(inner, key);
    for (uint16_t i = 0; i < at; ++i) before += inner.children[i]->entries;
    node = inner.children[at];
  }
  return before + lower_bound(node->as_leaf(), key);
}

EntryTree::Cursor EntryTree::seek(std::string_view key, bool after) const {
  Cursor out;
  const Node* node = root_;
  if (!node) return out;
  while (!node->leaf) {
    const uint16_t at = child_of(node->as_inner(), key);
    MZ_CHECK(out.depth_ + 1 < Cursor::kDepthMax, "a tree of {} levels", out.depth_);
    out.steps_[out.depth_++] = {node, at};
    node = node->as_inner().children[at];
  }
  const uint16_t at = lower_bound(node->as_leaf(), key);
  out.steps_[out.depth_++] = {node, at};
  if (at == node->count) {
    out.steps_[out.depth_ - 1].at = static_cast<uint16_t>(at - 1);
    out.next();
  }
  if (after && out.get() && out.get()->key() == key) out.next();
  return out;
}

const EntryPtr& EntryTree::Cursor::share() const {
  const Step& step = steps_[depth_ - 1];
  return step.node->as_leaf().slots[step.at];
}

const Entry* EntryTree::Cursor::get() const { return depth_ == 0 ? nullptr : share().get(); }

void EntryTree::Cursor::next() {
  while (depth_ > 0) {
    Step& step = steps_[depth_ - 1];
    if (++step.at < step.node->count) break;
    --depth_;
  }
  if (depth_ == 0) return;
  for (;;) {
    const Step step = steps_[depth_ - 1];
    if (step.node->leaf) return;
    steps_[depth_++] = {step.node->as_inner().children[step.at], 0};
  }
}

std::string prefix_end(std::string_view prefix) {
  std::string out(prefix);
  MZ_CHECK(out.empty() || static_cast<unsigned char>(out.back()) != 0xff, "a prefix that ends in 0xff");
  if (!out.empty()) out.back() = static_cast<char>(out.back() + 1);
  return out;
}

}  // namespace mizzen::apiserver
