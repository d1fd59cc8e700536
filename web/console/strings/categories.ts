/** The categories that a platform begins with, in words. Others are shown as the platform calls them. */
export const categories = {
  category_service: "Service notice",
  category_regulation: "Regulation change",
  category_feature: "New feature",
  category_other: "Other",
};
