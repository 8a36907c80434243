namespace Meridian.Gateway.Http;

/// <summary>Headers that the facade reads or writes, besides the ordinary HTTP ones. Lower case, as HTTP/2 sends them.</summary>
public static class GatewayHeaders
{
    /// <summary>Request and answer: 1 to 128 visible ASCII characters. Echoed; drawn where the caller sent none, or none that is sane.</summary>
    public const string RequestId = "x-request-id";

    /// <summary>Request: the caller's deadline, ms, 1 to 600000, counted from the arrival of the request.</summary>
    public const string Deadline = "x-meridian-deadline-ms";

    /// <summary>Request: comma-separated jurisdictions (lower case) the data may enter, for example <c>eu,us</c>.</summary>
    public const string Residency = "x-meridian-residency";

    /// <summary>Request: tenant on whose behalf it runs. Refused unless <see cref="GatewayOptions.TrustTenantHeader"/> is set.</summary>
    public const string Tenant = "x-meridian-tenant";

    /// <summary>Request: id of the conversation, 1 to 256 visible ASCII characters. Requests with the same one are best served in the same place.</summary>
    public const string Session = "x-meridian-session";

    /// <summary>Request: <c>no</c> asks for an error where the answer would be a redirect.</summary>
    public const string Redirect = "x-meridian-redirect";

    /// <summary>Answer: why the request is sent elsewhere, or refused before its body.</summary>
    public const string RedirectReason = "x-meridian-redirect-reason";

    /// <summary>Request: <c>1</c> asks why the request goes where it goes; <c>0</c> does not. Answer: the reasons, compact JSON.</summary>
    public const string Explain = "x-meridian-explain";

    /// <summary>Answer: region that served.</summary>
    public const string Region = "x-meridian-region";

    /// <summary>Answer: version of the model that served.</summary>
    public const string ModelVersion = "x-meridian-model-version";

    /// <summary>Answer: regions that were tried; 1 for an undisturbed request.</summary>
    public const string Attempts = "x-meridian-attempts";

    /// <summary>Answer: time from the arrival of the request to its answer, whole ms.</summary>
    public const string ProcessingMs = "openai-processing-ms";

    /// <summary>
    /// Request: <c>1</c> gives the events of a stream ids, so that a caller who loses the connection can go on: the same request again with <see cref="LastEventId"/>. Answer: <c>1</c>, or
    /// <c>0</c> where too many such streams are open.
    /// </summary>
    public const string Resumable = "x-meridian-resumable";

    /// <summary>Request: the id of the last event that the caller has of this answer.</summary>
    public const string LastEventId = "last-event-id";

    /// <summary>Answer: <c>no</c> tells proxies (nginx) to pass the events of a stream on as they come.</summary>
    public const string AccelBuffering = "x-accel-buffering";

    /// <summary>Answer: when to come back, ms; beside <c>retry-after</c>, which counts seconds.</summary>
    public const string RetryAfterMs = "retry-after-ms";

    /// <summary>Answer: <c>true</c> or <c>false</c> where OpenAI's clients would otherwise guess whether to send the request again.</summary>
    public const string ShouldRetry = "x-should-retry";
}
