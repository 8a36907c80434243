using System.Net;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace Meridian.Benchmarks.Http;

/// <summary><c>echo SERVER FILE</c>: Kestrel and nothing else. Reads the whole request and answers the bytes of FILE: what any HTTP service costs at the least.</summary>
public static class EchoCommand
{
    public const string Name = "echo";

    public static async Task<int> RunAsync(string[] args)
    {
        var server = IPEndPoint.Parse(args[0]);
        var answer = await File.ReadAllBytesAsync(args[1]);
        var builder = WebApplication.CreateEmptyBuilder(new WebApplicationOptions());
        builder.Logging.SetMinimumLevel(LogLevel.None);
        builder.WebHost.UseKestrelCore().ConfigureKestrel(kestrel => kestrel.Listen(server));
        await using var app = builder.Build();
        app.Run(async context =>
        {
            var body = context.Request.BodyReader;
            while (true)
            {
                var read = await body.ReadAsync(context.RequestAborted);
                body.AdvanceTo(read.Buffer.End);
                if (read.IsCompleted)
                {
                    break;
                }
            }

            context.Response.ContentType = "application/json";
            context.Response.ContentLength = answer.Length;
            await context.Response.BodyWriter.WriteAsync(answer, context.RequestAborted);
        });
        await app.StartAsync();
        Console.WriteLine("echo listens");
        await app.WaitForShutdownAsync();
        return 0;
    }
}
