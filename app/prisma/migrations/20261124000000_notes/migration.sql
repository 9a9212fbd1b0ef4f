-- A first migration: additive, so that the release before this one goes on working while both run during a flip.
CREATE TABLE "notes" (
    "id" UUID NOT NULL,
    "text" VARCHAR(280) NOT NULL,
    "created_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,

    CONSTRAINT "notes_pkey" PRIMARY KEY ("id")
);

CREATE INDEX "notes_created_at_idx" ON "notes"("created_at");
