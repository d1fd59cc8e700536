/** The categories that a platform begins with, in words. Others are shown as the platform calls them. */
import { english } from "../../bell/strings";

const { category_service, category_regulation, category_feature, category_other } = english;
export const categories = { category_service, category_regulation, category_feature, category_other };
