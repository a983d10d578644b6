using System.Collections.Concurrent;
using System.Net;
using System.Net.Sockets;
using System.Text;

namespace Helios.Samples.Tests;

/// <summary>Takes what is sent over OTLP by HTTP, and keeps it as it came: names stand in it as they are.</summary>
internal sealed class Collector : IDisposable
{
    private readonly HttpListener listener = new();
    private readonly ConcurrentQueue<(string Path, string Body)> received = new();
    private readonly Task serving;

    public Collector()
    {
        Address = $"http://127.0.0.1:{FreePort()}";
        listener.Prefixes.Add($"{Address}/");
        listener.Start();
        serving = ServeAsync();
    }

    public string Address { get; }

    public string Received(string path) => string.Concat(received.Where(item => item.Path == path).Select(item => item.Body));

    public void Dispose()
    {
        listener.Close();
        serving.GetAwaiter().GetResult();
    }

    private async Task ServeAsync()
    {
        while (true)
        {
            HttpListenerContext call;
            try
            {
                call = await listener.GetContextAsync();
            }
            catch (Exception error) when (error is HttpListenerException or ObjectDisposedException)
            {
                return;
            }

            using var body = new StreamReader(call.Request.InputStream, Encoding.Latin1);
            received.Enqueue((call.Request.Url!.AbsolutePath, await body.ReadToEndAsync()));
            call.Response.Close();
        }
    }

    private static int FreePort()
    {
        using var probe = new TcpListener(IPAddress.Loopback, 0);
        probe.Start();
        return ((IPEndPoint)probe.LocalEndpoint).Port;
    }
}
