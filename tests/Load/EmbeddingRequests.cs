using System.Net.Http.Headers;
using System.Text;
using System.Text.Json;

namespace Meridian.Load;

/// <summary>Requests of the load: short and middling English texts, always the same for a seed.</summary>
public sealed class EmbeddingRequests
{
    private static readonly string[] Words =
        ("the of a region serves model sentence river mountain engine quiet harbor letter winter garden signal copper window market evening "
         + "teacher carries bright answer across small northern bridge light paper before morning station under road follow music open table").Split(' ');

    private readonly byte[][] _bodies;

    /// <param name="model">Model that is asked for.</param>
    /// <param name="seed">Of the texts.</param>
    /// <param name="distinct">Number of different texts; requests take them in turn.</param>
    /// <param name="maxWords">Words of the longest text.</param>
    public EmbeddingRequests(string model, int seed, int distinct = 64, int maxWords = 24)
    {
        var random = new Random(seed);
        Texts = [.. Enumerable.Range(0, distinct).Select(_ => Text(random, random.Next(3, maxWords + 1)))];
        _bodies = [.. Texts.Select(text => Encoding.UTF8.GetBytes(JsonSerializer.Serialize(new { model, input = text, encoding_format = "base64" })))];
    }

    public string[] Texts { get; }

    public byte[] Body(int index) => _bodies[index % _bodies.Length];

    /// <summary>The n-th request to the <c>/v1/embeddings</c> of <paramref name="address"/>.</summary>
    public HttpRequestMessage To(Uri address, int index)
    {
        var content = new ByteArrayContent(Body(index));
        content.Headers.ContentType = new MediaTypeHeaderValue("application/json");
        return new HttpRequestMessage(HttpMethod.Post, new Uri(address, "v1/embeddings")) { Content = content };
    }

    private static string Text(Random random, int words) =>
        string.Join(' ', Enumerable.Range(0, words).Select(_ => Words[random.Next(Words.Length)]));
}
