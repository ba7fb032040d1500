"""What clinicians ask, one utterance a line: for the latency of the voice (tests/bench/voice.py)."""

UTTERANCES = tuple(
    line.strip()
    for line in """
    How do I treat atrial fibrillation with a high stroke risk?
    What are the first steps in sepsis?
    How do I treat an acute exacerbation of COPD?
    What is the INR target for a mechanical valve?
    When should antibiotics be given in septic shock?
    Which drugs improve survival in heart failure with a reduced ejection fraction?
    How is acute pancreatitis diagnosed?
    What are the symptoms of hyperthyroidism?
    How do I treat gout in a patient with kidney disease?
    What should I do about a high potassium with changes in the ECG?
    How quickly may I correct a low sodium?
    What is the treatment of a deep vein thrombosis?
    When do I suspect a pulmonary embolism?
    How is community acquired pneumonia treated in adults?
    What are the red flags of back pain?
    Which patients need a statin for primary prevention?
    How do I manage a diabetic ketoacidosis?
    What is the first line treatment of hypertension?
    How is a urinary tract infection treated in pregnancy?
    When is a CT of the head needed after a minor head injury?
    What is the target blood pressure in a stroke?
    How long should anticoagulation be given after a pulmonary embolism?
    Is metformin safe in chronic kidney disease?
    How do I treat status epilepticus?
    What are the side effects of amiodarone?
    How is anaphylaxis treated?
    When should I give adrenaline in cardiac arrest?
    What is the dose of adrenaline in anaphylaxis?
    How do I treat an asthma attack?
    Which antibiotics are used for cellulitis?
    How is hypoglycemia treated?
    What are the causes of acute kidney injury?
    How is bacterial meningitis treated?
    When do I transfuse a patient with anemia?
    How do I manage an upper gastrointestinal bleeding?
    What is the treatment of hypothyroidism?
    How is rheumatoid arthritis diagnosed?
    What should I know about lithium toxicity?
    How do I treat migraine?
    When is dialysis indicated?
    What is the management of ascites in cirrhosis?
    How do I treat hepatic encephalopathy?
    Which vaccines does an elderly patient need?
    How is osteoporosis treated?
    What are the criteria for thrombolysis in stroke?
    How do I treat a patient with delirium?
    What is the treatment of Clostridioides difficile infection?
    How is iron deficiency treated?
    When should blood cultures be taken?
    What are the signs of heart failure?
    How do I treat severe hypertension in pregnancy?
    What is the treatment of an ST elevation myocardial infarction?
    How do I reverse warfarin?
    Which anticoagulant is preferred in atrial fibrillation?
    How do I treat depression in an elderly patient?
    What are the symptoms of a subarachnoid hemorrhage?
    How is tuberculosis treated?
    What is the treatment of acute gout?
    When do I stop metformin before contrast?
    How do I treat hypercalcemia?
    What is the CHA2DS2-VASc score of a 68 year old man with hypertension and diabetes?
    Calculate the BMI of a man of 80 kilograms and 180 centimeters.
    Calculate the anion gap with a sodium of 140, a chloride of 100 and a bicarbonate of 20.
    What is the eGFR of a 60 year old woman with a creatinine of 1.2?
    """.splitlines()
    if line.strip()
)
