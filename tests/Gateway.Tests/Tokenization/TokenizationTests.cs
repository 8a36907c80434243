using System.Net;
using System.Text;
using Meridian.Federation.Edge;
using Meridian.Gateway.Http;
using Meridian.Gateway.Tests.Hosting;
using Meridian.Messages;

namespace Meridian.Gateway.Tests.Tokenization;

public sealed class TokenizationTests
{
    [Fact]
    public async Task A_text_is_tokenized()
    {
        await using var host = await StartAsync();
        using var response = await PostAsync(host, "/tokenize", """{"model":"story","prompt":"ab"}""");
        Assert.Equal("""{"count":3,"max_model_len":512,"tokens":[1,97,98],"token_strs":null}""", await response.Content.ReadAsStringAsync());
        Assert.Equal(EdgeDouble.Version, response.Header(GatewayHeaders.ModelVersion));
        var input = (TokenizeInput)host.Edge.Last!.Input;
        Assert.Equal((true, true, false), (input.AddSpecialTokens, input.AddGenerationPrompt, input.Texts));

        using var bare = await PostAsync(host, "/tokenize", """{"model":"story","prompt":"","add_special_tokens":false,"return_token_strs":true}""");
        Assert.Equal("""{"count":0,"max_model_len":512,"tokens":[],"token_strs":[]}""", await bare.Content.ReadAsStringAsync());
    }

    [Fact]
    public async Task A_conversation_is_tokenized()
    {
        await using var host = await StartAsync();
        using var response = await PostAsync(host, "/tokenize", """{"model":"story","messages":[{"role":"user","content":[{"type":"text","text":"é"}]}],"add_generation_prompt":false}""");
        Assert.Equal("""{"count":2,"max_model_len":512,"tokens":[1,233],"token_strs":null}""", await response.Content.ReadAsStringAsync());
        Assert.False(((TokenizeInput)host.Edge.Last!.Input).AddGenerationPrompt);
        foreach (var given in (string[])["false", "null"])
        {
            using var same = await PostAsync(host, "/tokenize", $$"""{"model":"story","messages":[{"role":"user","content":"é"}],"add_special_tokens":{{given}}}""");
            Assert.Equal(HttpStatusCode.OK, same.StatusCode);
        }
    }

    [Fact]
    public async Task Tokens_are_a_text_again()
    {
        await using var host = await StartAsync();
        using var response = await PostAsync(host, "/detokenize", """{"model":"story","tokens":[97,98,233]}""");
        Assert.Equal("abé", (string?)(await GatewayHost.JsonAsync(response))["prompt"]);
        using var none = await PostAsync(host, "/detokenize", """{"model":"story","tokens":[]}""");
        Assert.Equal("", (string?)(await GatewayHost.JsonAsync(none))["prompt"]);
    }

    [Theory]
    [InlineData("/tokenize", "", "invalid_json", null)]
    [InlineData("/tokenize", "[]", "invalid_type", null)]
    [InlineData("/tokenize", """{"prompt":"x"}""", "missing_required_parameter", "model")]
    [InlineData("/tokenize", """{"model":"m"}""", "missing_required_parameter", "prompt")]
    [InlineData("/tokenize", """{"model":"m","prompt":["x"]}""", "invalid_type", "prompt")]
    [InlineData("/tokenize", """{"model":"m","prompt":"\ud800"}""", "invalid_value", "prompt")]
    [InlineData("/tokenize", """{"model":"m","prompt":"x","messages":[{"role":"user","content":"x"}]}""", "invalid_value", "messages")]
    [InlineData("/tokenize", """{"model":"m","messages":[{"role":"user"}]}""", "missing_required_parameter", "messages[0].content")]
    [InlineData("/tokenize", """{"model":"m","prompt":"x","add_special_tokens":1}""", "invalid_type", "add_special_tokens")]
    [InlineData("/tokenize", """{"model":"m","messages":[{"role":"user","content":"x"}],"add_special_tokens":true}""", "unsupported_parameter", "add_special_tokens")]
    [InlineData("/tokenize", """{"model":"m","prompt":"x","add_generation_prompt":1}""", "invalid_type", "add_generation_prompt")]
    [InlineData("/tokenize", """{"model":"m","prompt":"x","return_token_strs":1}""", "invalid_type", "return_token_strs")]
    [InlineData("/tokenize", """{"model":"m","prompt":"x","chat_template":"{{x}}"}""", "unsupported_parameter", "chat_template")]
    [InlineData("/detokenize", "", "invalid_json", null)]
    [InlineData("/detokenize", """{"model":"m"}""", "missing_required_parameter", "tokens")]
    [InlineData("/detokenize", """{"tokens":[1]}""", "missing_required_parameter", "model")]
    [InlineData("/detokenize", """{"model":"m","tokens":"x"}""", "invalid_type", "tokens")]
    [InlineData("/detokenize", """{"model":"m","tokens":[1,-1]}""", "invalid_value", "tokens[1]")]
    [InlineData("/detokenize", """{"model":"m","tokens":[1,[2]]}""", "invalid_type", "tokens[1]")]
    public async Task A_mistake_names_its_field(string path, string body, string code, string? param)
    {
        await using var host = await StartAsync();
        using var response = await PostAsync(host, path, body);
        await response.ErrorAsync(400, code, param);
        Assert.Empty(host.Log.Entries);
    }

    [Fact]
    public async Task A_refusal_is_its_status()
    {
        await using var host = await StartAsync();
        host.Edge.Respond = (_, _) => Task.FromResult(EdgeDouble.Refuse(RefusalCode.ModelNotFound, "None."));
        using var response = await PostAsync(host, "/tokenize", """{"model":"m","prompt":"x"}""");
        await response.ErrorAsync(404, "model_not_found", "model");
    }

    private static async Task<GatewayHost> StartAsync()
    {
        var host = await GatewayHost.StartAsync();
        host.Edge.Respond = (request, _) => Task.FromResult(Respond(request));
        return host;
    }

    /// <summary>A tokenizer for which a character is a token, after a first token 1.</summary>
    private static EdgeAnswer Respond(InferRequest request)
    {
        InferOutput output;
        if (request.Input is TokenizeInput tokenize)
        {
            var text = tokenize.Prompt.Text ?? string.Concat(tokenize.Prompt.Messages!.Select(message => message.Content));
            int[] ids = [.. tokenize.AddSpecialTokens ? (int[])[1] : [], .. text.Select(c => (int)c)];
            output = new TokenizeOutput { TokenIds = ids, ContextLength = 512, Texts = tokenize.Texts ? Array.ConvertAll(ids, id => ((char)id).ToString()) : null };
        }
        else
        {
            output = new DetokenizeOutput { Text = string.Concat(((DetokenizeInput)request.Input).TokenIds.Select(id => (char)id)) };
        }

        return new EdgeAnswer(InferReply.Of(new InferResult { Region = "eastus", Model = request.Model, Version = EdgeDouble.Version, Variant = "fp32", Output = output }), "eastus", 1);
    }

    private static Task<HttpResponseMessage> PostAsync(GatewayHost host, string path, string body) => host.PostAsync(path, Encoding.UTF8.GetBytes(body));
}
