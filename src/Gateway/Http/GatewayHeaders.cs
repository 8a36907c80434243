namespace Meridian.Gateway.Http;

/// <summary>Headers that the facade reads or writes, besides the ordinary HTTP headers. They are in lower case, as HTTP/2 sends them.</summary>
public static class GatewayHeaders
{
    /// <summary>
    /// Request and answer: 1 to 128 visible ASCII characters. The answer repeats the caller's id. If the caller sent none, or an invalid one, an id is drawn.
    /// </summary>
    public const string RequestId = "x-request-id";

    /// <summary>Request: the caller's deadline, ms, 1 to 600000, counted from the arrival of the request.</summary>
    public const string Deadline = "x-meridian-deadline-ms";

    /// <summary>Request: comma-separated jurisdictions (lower case) the data may enter, for example <c>eu,us</c>.</summary>
    public const string Residency = "x-meridian-residency";

    /// <summary>Request: tenant on whose behalf it runs. Refused unless <see cref="GatewayOptions.TrustTenantHeader"/> is set.</summary>
    public const string Tenant = "x-meridian-tenant";

    /// <summary>Request: id of the conversation, 1 to 256 visible ASCII characters. Requests with the same id are best served by the same replica.</summary>
    public const string Session = "x-meridian-session";

    /// <summary>
    /// Request: id of the conversation, 1 to 256 visible ASCII characters. Another name of <see cref="Session"/>: all requests of a conversation get the same version of a
    /// model that has several.
    /// </summary>
    public const string Conversation = "x-meridian-conversation";

    /// <summary>Request: version of the model that must serve, for example <c>v2@9f3c1a20</c>. The name <c>model@version</c> in the body comes first.</summary>
    public const string Version = "x-meridian-version";

    /// <summary>Request: variant (precision) of the model that must serve, for example <c>int8</c>.</summary>
    public const string Variant = "x-meridian-variant";

    /// <summary>Request: <c>no</c> asks for an error instead of a redirect.</summary>
    public const string Redirect = "x-meridian-redirect";

    /// <summary>Answer: why the request is redirected, or refused before its body is read.</summary>
    public const string RedirectReason = "x-meridian-redirect-reason";

    /// <summary>Request: <c>1</c> asks for the reasons of the routing decision; <c>0</c> does not. Answer: the reasons as compact JSON.</summary>
    public const string Explain = "x-meridian-explain";

    /// <summary>Answer: region that served the request.</summary>
    public const string Region = "x-meridian-region";

    /// <summary>Answer: version of the model that served the request.</summary>
    public const string ModelVersion = "x-meridian-model-version";

    /// <summary>Answer: number of regions that were tried; 1 if nothing failed.</summary>
    public const string Attempts = "x-meridian-attempts";

    /// <summary>Answer: time from the arrival of the request to its answer, whole ms.</summary>
    public const string ProcessingMs = "openai-processing-ms";

    /// <summary>
    /// Request: <c>1</c> gives the events of a stream ids. A caller who loses the connection can then resume: it sends the same request again with
    /// <see cref="LastEventId"/>. Answer: <c>1</c>, or <c>0</c> if this edge keeps no stream for it, for example because too many are open.
    /// </summary>
    public const string Resumable = "x-meridian-resumable";

    /// <summary>Request: the id of the last event that the caller has of this answer.</summary>
    public const string LastEventId = "last-event-id";

    /// <summary>Answer: <c>no</c> tells proxies (nginx) to forward each event of a stream at once.</summary>
    public const string AccelBuffering = "x-accel-buffering";

    /// <summary>Answer: after how long to retry, ms; sent beside <c>retry-after</c>, which is in seconds.</summary>
    public const string RetryAfterMs = "retry-after-ms";

    /// <summary>Answer: <c>true</c> or <c>false</c> tells OpenAI's clients whether to retry, if they would otherwise guess.</summary>
    public const string ShouldRetry = "x-should-retry";
}
