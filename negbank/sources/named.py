r"""The benchmarks that are known by name, as a table: add a row and the benchmark can be mined.

Each comes from the Hugging Face Hub or a folder that mirrors it. Above each entry stands a real row, and what is not
obvious about the set. Counts are those of the published splits; `unknown` is the licence if the Hub's card has none.
"""

from __future__ import annotations

from typing import Final

from negbank.sources.benchmark import Benchmark
from negbank.sources.rows import Columns

MMLU_SCIENCE: Final = frozenset(
    """
    abstract_algebra anatomy astronomy clinical_knowledge college_biology college_chemistry college_computer_science
    college_mathematics college_medicine college_physics computer_security conceptual_physics econometrics
    electrical_engineering elementary_mathematics high_school_biology high_school_chemistry
    high_school_computer_science high_school_mathematics high_school_physics high_school_statistics human_aging
    human_sexuality machine_learning medical_genetics nutrition professional_medicine virology
    """.split()
)
"""MMLU's subjects of science, mathematics, technology and medicine."""

MATH_TEST: Final = {
    "algebra": 1187, "counting_and_probability": 474, "geometry": 479, "intermediate_algebra": 903,
    "number_theory": 540, "prealgebra": 871, "precalculus": 546,
}  # fmt: skip
MATH_TRAIN: Final = {
    "algebra": 1744, "counting_and_probability": 771, "geometry": 870, "intermediate_algebra": 1295,
    "number_theory": 869, "prealgebra": 1205, "precalculus": 746,
}  # fmt: skip
"""MATH has a configuration a subject."""

# Clark et al., 2018, arXiv 1803.05457.
# {"question": "George wants to warm his hands quickly by rubbing them. Which skin surface will produce the most heat?",
#  "choices": {"text": ["dry palms", "wet palms", ...], "label": ["A", "B", ...]}, "answerKey": "A"}
# The Likra paper trains on ARC-Easy's test and both validation splits too; the recipe `arc` does as the paper does.
ARC = Benchmark(
    name="arc",
    summary="grade-school science",
    dataset="allenai/ai2_arc",
    license="cc-by-sa-4.0",
    columns=Columns(question="question", answer="answerKey", choices=("choices",)),
    plain=True,
    training={"ARC-Challenge/train": 1119, "ARC-Easy/train": 2251},
    evaluation={"ARC-Challenge/test": 1172},
    also_held_out={"ARC-Challenge/validation": 299, "ARC-Easy/validation": 570, "ARC-Easy/test": 2376},
)

# Zellers et al., 2019, arXiv 1905.07830. The answers of test are withheld, so papers evaluate on validation.
# {"ctx": "A man is sitting on a roof. he", "endings": ["is using wrap to wrap a pair of skis.", "is ripping level tiles
#  off.", ...], "label": "3", "activity_label": "Roof shingle removal"}
# A model wrote the wrong endings; those that fooled another model were kept.
HELLASWAG = Benchmark(
    name="hellaswag",
    summary="which ending follows",
    dataset="Rowan/hellaswag",
    license="mit",
    columns=Columns(question="ctx", answer="label", choices=("endings",)),
    plain=True,
    training={"default/train": 39905},
    evaluation={"default/validation": 10042},
    also_held_out={"default/test": 10003},
    fallback=("default/validation[:80%]",),
)

# Hendrycks et al., 2021, arXiv 2009.03300.
# {"question": "Find the degree for the given field extension Q(sqrt(2), sqrt(3), sqrt(18)) over Q.",
#  "subject": "abstract_algebra", "choices": ["0", "4", "2", "6"], "answer": 1}
# MMLU has no training split of its own. Scores are reported on test and tuned on validation, and few-shot prompts take
# dev, so dev (5 questions a subject) is all that is trained on; --no-hold-out validation adds 1,531 questions.
# `auxiliary_train` is left out: it is made of other benchmarks, ARC among them.
MMLU = Benchmark(
    name="mmlu",
    summary="exams of 57 subjects (--subjects, or the group non-science)",
    dataset="cais/mmlu",
    license="mit",
    columns=Columns(question="question", answer="answer", choices=("choices",)),
    plain=True,
    training={"all/dev": 285},
    evaluation={"all/test": 14042},
    also_held_out={"all/validation": 1531},
    subject="subject",
    subject_groups={"non-science": MMLU_SCIENCE},
)

# Cobbe et al., 2021, arXiv 2110.14168.
# {"question": "Natalia sold clips to 48 of her friends in April, and then she sold half as many clips in May. How many
#  clips did Natalia sell altogether in April and May?", "answer": "Natalia sold 48/2 = <<48/2=24>>24 clips in
#  May.\nNatalia sold 48+24 = <<48+24=72>>72 clips altogether in April and May.\n#### 72"}
# A question's answer is the whole gold chain, calculator annotations (<<48/2=24>>) included.
GSM8K = Benchmark(
    name="gsm8k",
    summary="word problems with worked chains",
    dataset="openai/gsm8k",
    license="mit",
    columns=Columns(question="question", answer="answer"),
    plain=True,
    training={"main/train": 7473},
    evaluation={"main/test": 1319},
)

# Hendrycks et al., 2021, arXiv 2103.03874; the authors' own repository (hendrycks/competition_math) left the Hub.
# {"problem": "What is $2^3$?", "level": "Level 1", "type": "Prealgebra",
#  "solution": "We multiply: $2 \cdot 2 \cdot 2 = \boxed{8}$."}
# A question's answer is the whole gold chain, whose answer is boxed.
MATH = Benchmark(
    name="math",
    summary="competition problems with worked chains",
    dataset="EleutherAI/hendrycks_math",
    license="mit",
    columns=Columns(question="problem", answer="solution"),
    plain=True,
    training={f"{subject}/train": count for subject, count in MATH_TRAIN.items()},
    evaluation={f"{subject}/test": count for subject, count in MATH_TEST.items()},
    subject="type",
)

# Mihaylov et al., 2018, arXiv 1809.02789.
# {"question_stem": "The sun is responsible for", "choices": {"text": ["puppies learning new tricks", "children growing
#  up and getting old", "flowers wilting in a vase", "plants sprouting, blooming and wilting"], "label": ["A", ...]},
#  "answerKey": "D"}
OPENBOOKQA = Benchmark(
    name="openbookqa",
    summary="elementary science that takes a fact and common sense",
    dataset="allenai/openbookqa",
    license="unknown",
    columns=Columns(question="question_stem", answer="answerKey", choices=("choices",)),
    training={"main/train": 4957},
    evaluation={"main/test": 500},
    also_held_out={"main/validation": 500},
)

# Talmor et al., 2019, arXiv 1811.00937. The answers of test are withheld.
# {"question": "Where would you find magazines along side many other printed works?", "question_concept": "magazines",
#  "choices": {"label": ["A", ...], "text": ["doctor", "bookstore", "market", "train station", "mortuary"]},
#  "answerKey": "B"}
COMMONSENSEQA = Benchmark(
    name="commonsenseqa",
    summary="everyday knowledge, five choices",
    dataset="tau/commonsense_qa",
    license="mit",
    columns=Columns(question="question", answer="answerKey", choices=("choices",)),
    training={"default/train": 9741},
    evaluation={"default/validation": 1221},
    also_held_out={"default/test": 1140},
)

# Bisk et al., 2020, arXiv 1911.11641. The answers of test are withheld (label -1).
# {"goal": "How to boil eggs.", "sol1": "Place your eggs in a pot and cover with no water.", "sol2": "Place your eggs in
#  a pot and cover with cold water.", "label": 1}
PIQA = Benchmark(
    name="piqa",
    summary="how to do everyday things, two choices",
    dataset="ybisk/piqa",
    license="unknown",
    columns=Columns(question="goal", answer="label", choices=("sol1", "sol2")),
    answer_base=0,
    training={"default/train": 16113},
    evaluation={"default/validation": 1838},
    also_held_out={"default/test": 3084},
    branch="refs/convert/parquet",
)

# Sap et al., 2019, arXiv 1904.09728. `label` counts from 1.
# {"context": "Cameron decided to have a barbecue and gathered her friends together.", "question": "How would Others
#  feel as a result?", "answerA": "like attending", "answerB": "like staying home", "answerC": "a good friend to have",
#  "label": "1"}
SOCIALIQA = Benchmark(
    name="socialiqa",
    summary="how people feel and act, three choices",
    dataset="allenai/social_i_qa",
    license="unknown",
    columns=Columns(
        question="question", answer="label", choices=("answerA", "answerB", "answerC"), context=("context",)
    ),
    answer_base=1,
    training={"default/train": 33410},
    evaluation={"default/validation": 1954},
    branch="refs/convert/parquet",
)

# Jin et al., 2020, arXiv 2009.13081: the questions in English with four options. `answer` is the text of `answer_idx`.
# {"question": "A 23-year-old pregnant woman at 22 weeks gestation presents with burning upon urination. ...", "answer":
#  "Nitrofurantoin", "options": {"A": "Ampicillin", "B": "Ceftriaxone", "C": "Doxycycline", "D": "Nitrofurantoin"},
#  "answer_idx": "D", "meta_info": "step2&3"}
MEDQA = Benchmark(
    name="medqa",
    summary="medical licensing exams of the United States, four choices",
    dataset="GBaker/MedQA-USMLE-4-options",
    license="cc-by-4.0",
    columns=Columns(question="question", answer="answer_idx", choices=("options",)),
    training={"default/train": 10178},
    evaluation={"default/test": 1273},
)

# Welbl et al., 2017, arXiv 1707.06209. `support` is a passage that the question may be answered from.
# {"question": "What type of organism is commonly used in preparation of foods such as cheese and yogurt?",
#  "distractor3": "viruses", "distractor1": "protozoa", "distractor2": "gymnosperms",
#  "correct_answer": "mesophilic organisms", "support": "Mesophiles grow best in moderate temperature, ..."}
SCIQ = Benchmark(
    name="sciq",
    summary="science exams, four choices",
    dataset="allenai/sciq",
    license="cc-by-nc-3.0",
    columns=Columns(
        question="question",
        answer="correct_answer",
        negative=("distractor1", "distractor2", "distractor3"),
        context=("support",),
    ),
    training={"default/train": 11679},
    evaluation={"default/test": 1000},
    also_held_out={"default/validation": 1000},
)

# Rajpurkar et al., 2016, arXiv 1606.05250. Several annotators answered; all of their answers are right.
# {"id": "5733be284776f41900661182", "title": "University_of_Notre_Dame", "context": "Architecturally, the school has a
#  Catholic character. ...", "question": "To whom did the Virgin Mary allegedly appear in 1858 in Lourdes France?",
#  "answers": {"text": ["Saint Bernadette Soubirous"], "answer_start": [515]}}
SQUAD = Benchmark(
    name="squad",
    summary="questions on a passage of Wikipedia, without choices",
    dataset="rajpurkar/squad",
    license="cc-by-sa-4.0",
    columns=Columns(question="question", answer="answers", context=("context",)),
    training={"plain_text/train": 87599},
    evaluation={"plain_text/validation": 10570},
)

# Lin et al., 2022, arXiv 2109.07958: 817 questions and one split, on which everybody evaluates.
# {"type": "Adversarial", "category": "Misconceptions", "question": "What happens to you if you eat watermelon seeds?",
#  "best_answer": "The watermelon seeds pass through your digestive system", "correct_answers": ["Nothing happens", ...
#  ], "incorrect_answers": ["You grow watermelons in your stomach", "You have bad dreams", ...], "source": "https://..."}
TRUTHFULQA = Benchmark(
    name="truthfulqa",
    summary="questions that people answer wrongly; evaluation only",
    dataset="truthfulqa/truthful_qa",
    license="apache-2.0",
    columns=Columns(question="question", answer=("best_answer", "correct_answers"), negative=("incorrect_answers",)),
    training={},
    evaluation={"generation/validation": 817},
)

# The same 817 questions with choices.
# {"question": "What is the smallest country in the world that is at least one square mile in area?",
#  "mc1_targets": {"choices": ["Nauru is the smallest country ...", ...], "labels": [1, 0, 0, 0]}, "mc2_targets": ...}
TRUTHFULQA_MC = Benchmark(
    name="truthfulqa-mc",
    summary="the questions of truthfulqa as multiple choice; evaluation only",
    dataset="truthfulqa/truthful_qa",
    license="apache-2.0",
    columns=Columns(question="question", answer="mc1_targets.labels", choices=("mc1_targets.choices",)),
    training={},
    evaluation={"multiple_choice/validation": 817},
)

# Rein et al., 2023, arXiv 2311.12022. Its only split is called train, but everybody evaluates on it: diamond is a part
# of main, main a part of extended. The authors ask that the questions be shown nowhere in plain text.
# Columns: "Question", "Correct Answer", "Incorrect Answer 1" to "Incorrect Answer 3", "High-level domain", ...
GPQA = Benchmark(
    name="gpqa",
    summary="graduate-level science; evaluation only",
    dataset="Idavidrein/gpqa",
    license="cc-by-4.0",
    columns=Columns(
        question="Question",
        answer="Correct Answer",
        negative=("Incorrect Answer 1", "Incorrect Answer 2", "Incorrect Answer 3"),
    ),
    training={},
    evaluation={"gpqa_main/train": 448},
    also_held_out={"gpqa_extended/train": 546, "gpqa_diamond/train": 198},
    gated=True,
)

BENCHMARKS: Final = (
    ARC, HELLASWAG, MMLU, GSM8K, MATH, OPENBOOKQA, COMMONSENSEQA, PIQA, SOCIALIQA, MEDQA, SCIQ, SQUAD, TRUTHFULQA,
    TRUTHFULQA_MC, GPQA,
)  # fmt: skip
"""Every benchmark by name, in the order in which `negbank sources` lists them."""
