/** Which archives of Cricsheet's a source plays. https://cricsheet.org/downloads/ */
export const FETCHABLE = ["t20i", "odi", "test"] as const;
export type Fetchable = (typeof FETCHABLE)[number];

export interface Archive {
  /** In words, for people. */
  readonly title: string;
  readonly url: string;
  /** The option of `play` and `feed` that takes the folder. */
  readonly option: string;
  /** How the names of match files end. */
  readonly extension: string;
}

export const DOWNLOADS_PAGE = "https://cricsheet.org/downloads/";

export const ARCHIVES: Readonly<Record<Fetchable, Archive>> = {
  t20i: {
    title: "men's T20 internationals, JSON",
    url: `${DOWNLOADS_PAGE}t20s_male_json.zip`,
    option: "--t20i",
    extension: ".json",
  },
  odi: {
    title: "men's one-day internationals, CSV (Ashwin)",
    url: `${DOWNLOADS_PAGE}odis_male_csv2.zip`,
    option: "--odi",
    extension: ".csv",
  },
  test: {
    title: "men's Test matches, YAML",
    url: `${DOWNLOADS_PAGE}tests_male.zip`,
    option: "--test",
    extension: ".yaml",
  },
};

/** Goes into every folder that is fetched, and tells our folders from a user's. */
export const ATTRIBUTION_FILE = "ATTRIBUTION.txt";
export const ATTRIBUTION =
  "Match data from Cricsheet (https://cricsheet.org), made available under the Open Data Commons Attribution License, ODC-BY 1.0 (https://opendatacommons.org/licenses/by/1-0/).";
