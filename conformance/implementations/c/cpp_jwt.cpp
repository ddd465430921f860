/* Package cpp-jwt, called: jwt::decode, with the algorithm named. It asks the machine for the time. */
#include "bearer.h"

#include <cstring>
#include <jwt/jwt.hpp>

static int said(struct countersign_answer *answer, int verdict, const char *type, const char *detail)
{
    strncpy(answer->type, type, sizeof answer->type - 1);
    strncpy(answer->detail, detail, sizeof answer->detail - 1);
    return verdict;
}

const struct countersign_hello *countersign_hello(void)
{
    static const char *const schemes[] = {"jwt-hs256", nullptr};
    static const struct countersign_hello hello = {"cpp-jwt", PACKAGE_VERSION, "c++", schemes, nullptr};
    return &hello;
}

int countersign_verify(const struct countersign_request *request, struct countersign_answer *answer)
{
    const char *token = bearer(request);
    if (token == nullptr)
        return said(answer, COUNTERSIGN_REJECTED, "", "no bearer token, or two");
    std::string key(reinterpret_cast<const char *>(request->key.at), request->key.length);
    try {
        jwt::decode(token, jwt::params::algorithms({"HS256"}), jwt::params::secret(key));
        return COUNTERSIGN_ACCEPTED;
    } catch (const jwt::VerificationError &refused) {
        return said(answer, COUNTERSIGN_REJECTED, "", refused.what());
    } catch (const jwt::DecodeError &refused) {
        return said(answer, COUNTERSIGN_REJECTED, "", refused.what());
    } catch (const std::exception &other) {
        return said(answer, COUNTERSIGN_ERROR, "std::exception", other.what());
    }
}
