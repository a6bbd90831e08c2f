#!/usr/bin/env python3
"""Shows each rule of tidy.py failing on a small made tree, and a good tree passing."""
import os
import tempfile
import unittest

import tidy


class Tree:
    """A folder of files, removed with the object. `files`: {path: text}."""

    def __init__(self, files):
        self._folder = tempfile.TemporaryDirectory()
        self.root = self._folder.name
        for path, text in files.items():
            full = os.path.join(self.root, path)
            os.makedirs(os.path.dirname(full), exist_ok=True)
            with open(full, "w", encoding="utf-8") as f:
                f.write(text)

    def sources(self):
        return {f[len("src/"):] for f in tidy.tree(self.root) if f.startswith("src/") and f.endswith((".h", ".cc"))}


def includes(*names):
    return "".join(f'#include "{n}"\n' for n in names)


def words(text, name="x.cc", module="a", deps=()):
    tree = Tree({f"src/{module}/{name}": text})
    problems = []
    tidy.ALL_MODULES = {"a", "b"}
    tidy.check_file(tree.root, os.path.join(tree.root, "src", module, name), module, set(deps), problems)
    return problems


class Folders(unittest.TestCase):
    def problems(self, files):
        tree = Tree({f"src/{path}": text for path, text in files.items()})
        problems = []
        tidy.check_folders(tree.root, tree.sources(), problems)
        return problems

    def test_arrows_in_one_direction_pass(self):
        self.assertEqual(self.problems({"a/x/1.h": "", "a/y/2.h": includes("a/x/1.h"),
                                        "a/3.h": includes("a/y/2.h", "a/x/1.h")}), [])

    def test_cycle_of_two_folders(self):
        found = self.problems({"a/x/1.h": includes("a/y/2.h"), "a/y/2.h": "", "a/y/3.h": includes("a/x/1.h")})
        self.assertEqual(len(found), 2)
        self.assertIn("closes a cycle in src/a", found[0])

    def test_cycle_between_a_folder_and_its_parents_files(self):
        found = self.problems({"a/1.h": includes("a/x/2.h"), "a/x/2.h": includes("a/3.h"), "a/3.h": ""})
        self.assertEqual(len(found), 2)
        self.assertIn(". -> x", " ".join(found))

    def test_cycle_of_three_deep_down(self):
        found = self.problems({"a/b/x/1.h": includes("a/b/y/1.h"), "a/b/y/1.h": includes("a/b/z/1.h"),
                               "a/b/z/1.h": includes("a/b/x/1.h")})
        self.assertEqual(len(found), 3)

    def test_cycle_between_modules(self):
        self.assertEqual(len(self.problems({"a/1.h": includes("b/1.h"), "b/1.h": includes("a/1.h")})), 2)

    def test_tests_and_fakes_may_look_anywhere(self):
        self.assertEqual(self.problems({"a/x/1.h": "", "a/y/2.h": includes("a/x/1.h"),
                                        "a/x/1_test.cc": includes("a/y/2.h"),
                                        "a/x/testing/fake.h": includes("a/y/2.h")}), [])

    def test_crowded_folder(self):
        files = {f"a/f{i}.h": "" for i in range(tidy.FOLDER_FILES_MAX)}
        files["a/f_test.cc"] = ""
        self.assertEqual(self.problems(files), [])
        files["a/more.h"] = ""
        self.assertIn("26 files", self.problems(files)[0])


class Siblings(unittest.TestCase):
    LONG = "\n" * (tidy.UNTESTED_LINES_MAX + 1)

    def problems(self, files, allowed=None):
        tree = Tree({f"src/{path}": text for path, text in files.items()})
        problems = []
        tidy.check_siblings(tree.root, tree.sources(), allowed or {}, problems)
        return problems

    def test_short_and_tested_sources_pass(self):
        self.assertEqual(self.problems({"a/1.cc": "\n", "a/2.cc": self.LONG, "a/2_test.cc": "",
                                        "a/3.cc": self.LONG, "a/3_list_test.cc": ""}), [])

    def test_long_source_without_test(self):
        self.assertIn("without 1_test.cc beside it", self.problems({"a/1.cc": self.LONG, "a/b/1_test.cc": ""})[0])

    def test_allow_list_is_kept_true(self):
        self.assertEqual(self.problems({"a/1.cc": self.LONG}, {"a/1.cc": "data"}), [])
        self.assertIn("does not exist", self.problems({}, {"a/1.cc": "data"})[0])
        self.assertIn("without a reason", self.problems({"a/1.cc": self.LONG}, {"a/1.cc": ""})[0])
        self.assertIn("take it off", self.problems({"a/1.cc": self.LONG, "a/1_test.cc": ""}, {"a/1.cc": "x"})[0])


class Documents(unittest.TestCase):
    def problems(self, text, files, where="src/a/README.md"):
        tree = Tree({where: text, **{f: "" for f in files}})
        problems = []
        tidy.check_documents(tree.root, tidy.tree(tree.root), problems)
        return problems

    def test_names_found_from_the_document_from_src_and_from_the_root(self):
        files = ["src/a/b/one.h", "src/c/two.cc", "tools/three.py", "src/a/b/four_fuzz.cc", "src/a/schema/v.proto"]
        text = "`one.h` `b/one.h` `c/two.cc` `tools/three.py` `*_fuzz.cc` `#include \"x\"` `b/{one}.h` `a/schema/v.h`"
        self.assertEqual(self.problems(text, files), [])

    def test_names_of_nothing(self):
        self.assertIn("names one.h", self.problems("see `one.h`", ["src/c/one.h"])[0])
        self.assertIn("names b/two.cc", self.problems("`b/{one,two}.cc`", ["src/a/b/one.cc"])[0])
        self.assertIn("names gone_*.h", self.problems("`gone_*.h`", [])[0])
        self.assertIn("names x.py", self.problems("`x.py`", [], "CONTRIBUTING.md")[0])


class Words(unittest.TestCase):
    def test_each_ban(self):
        for code in ("std::mutex m;", "#include <sstream>", "std::regex r;", "throw 1;", "time(nullptr);", "sleep(1);",
                     "std::thread t;", "system(s);", "std::rand();", "api::builtin()->find<Pod>();", "builtin_resources();",
                     "api::resource_of<Pod>();", "real_clock().wall();", "uuid(secure_random());", "// TODO later", "x" * 141):
            self.assertEqual(len(words(code)), 1, code)

    def test_comments_strings_and_tests_are_not_code(self):
        self.assertEqual(words('// std::mutex\nauto s = "throw";\n/* std::regex */\n'), [])
        self.assertEqual(words("sleep(1);", "x_test.cc"), [])

    def test_composition_alone_knows_the_built_in_resources(self):
        self.assertIn("only who composes a program", words("ResourceCatalog c(api::builtin());")[0])
        self.assertEqual(words("ResourceCatalog c(api::builtin());", module="apps"), [])
        self.assertEqual(words("ResourceCatalog c(api::builtin());", "x_test.cc"), [])
        self.assertEqual(words("ResourceCatalog c(api::builtin());", "testing/x.h"), [])

    def test_composition_alone_names_the_systems_clock_and_randomness(self):
        for code in ("Core core({store, real_clock()});", "Core core({store, secure_random()});"):
            self.assertIn("only who composes", words(code)[0])
            self.assertEqual(words(code, module="apps"), [])
            self.assertEqual(words(code, "x_test.cc"), [])
        self.assertEqual(words("real_clock().wall();", "log.cc", "telemetry"), [])
        self.assertIn("only who composes", words("secure_random().next();", "log.cc", "telemetry")[0])

    def test_length_and_names(self):
        self.assertIn("split it", words("\n" * 801)[0])
        self.assertIn("says what is in it", words("", "string_utils.cc")[0])

    def test_classes_need_comments(self):
        self.assertEqual(words("/// A thing.\nclass X {\n};\n", "x.h"), [])
        self.assertIn("needs its comment", words("class X {\n};\n", "x.h")[0])

    def test_modules_name_what_they_include(self):
        self.assertIn("does not name b", words(includes("b/x.h"))[0])
        self.assertEqual(words(includes("b/x.h"), deps=["b"]), [])


class Graph(unittest.TestCase):
    def test_floors_only_go_down(self):
        problems = []
        tidy.check_cycles({"a": (1, ["b"]), "b": (1, []), "c": (2, ["d"])}, problems)
        self.assertEqual(len(problems), 2)
        self.assertIn("looks up to b", problems[0])
        self.assertIn("unknown module d", problems[1])

    def test_exceptions_exist(self):
        problems = []
        tidy.check_allow_lists(Tree({"x": ""}).root, problems)
        self.assertTrue(problems and "does not exist" in problems[0])

    def test_find_cycle(self):
        self.assertEqual(tidy.find_cycle({"a": ["b"], "b": ["c"]}), [])
        self.assertEqual(tidy.find_cycle({"a": ["b"], "b": ["c"], "c": ["b"]}), ["b", "c"])


if __name__ == "__main__":
    unittest.main(warnings="ignore")
