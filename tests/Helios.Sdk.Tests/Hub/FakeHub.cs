using System.Collections.Concurrent;
using System.Diagnostics.CodeAnalysis;
using System.Net;
using System.Net.Sockets;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json.Nodes;

namespace Helios.Sdk.Tests.Hub;

/// <summary>A Hub on this machine: lists the files of one repository and sends them, with the faults that a test asks for.</summary>
internal sealed class FakeHub : IDisposable
{
    public const string Commit = "0123456789abcdef0123456789abcdef01234567";

    private readonly HttpListener listener;
    private readonly Task serving;

    public FakeHub()
    {
        (listener, Endpoint) = Listen();
        serving = Task.Run(ServeAsync);
    }

    public Uri Endpoint { get; }

    /// <summary>Content by name. JSON files are listed by the hash of git, the others by that of LFS.</summary>
    public Dictionary<string, byte[]> Files { get; } = [];

    /// <summary>What was asked for: path, range and token.</summary>
    public ConcurrentQueue<(string Path, string? Range, string? Authorization)> Requests { get; } = new();

    /// <summary>Answers in place of the Hub; true when it did.</summary>
    public Func<HttpListenerContext, bool> Fault { get; set; } = static _ => false;

    /// <summary>Changes the list of files.</summary>
    public Action<JsonObject> Listing { get; set; } = static _ => { };

    public string Address => Endpoint.ToString();

    /// <summary>Requests for a file's content.</summary>
    public int CountOf(string file) => Requests.Count(request => request.Path.EndsWith($"/{file}", StringComparison.Ordinal));

    public void Dispose()
    {
        listener.Stop();
        serving.Wait();
        listener.Close();
    }

    public static void Answer(HttpListenerContext context, int status, params (string Name, string Value)[] headers)
    {
        context.Response.StatusCode = status;
        foreach (var (name, value) in headers) context.Response.Headers[name] = value;
        context.Response.Close();
    }

    /// <summary>Sends the start of a file and cuts the connection.</summary>
    public static void Cut(HttpListenerContext context, byte[] content, int bytes)
    {
        context.Response.ContentLength64 = content.Length;
        context.Response.OutputStream.Write(content, 0, bytes);
        context.Response.OutputStream.Flush();
        context.Response.Abort();
    }

    public void Send(HttpListenerContext context, byte[] content)
    {
        var response = context.Response;
        var from = 0;
        if (context.Request.Headers["Range"] is { } range)
        {
            from = int.Parse(range["bytes=".Length..^1], System.Globalization.CultureInfo.InvariantCulture);
            response.StatusCode = 206;
            response.Headers["Content-Range"] = FormattableString.Invariant($"bytes {from}-{content.Length - 1}/{content.Length}");
        }

        response.ContentLength64 = content.Length - from;
        response.OutputStream.Write(content, from, content.Length - from);
        response.Close();
    }

    private static (HttpListener, Uri) Listen()
    {
        while (true)
        {
            using var free = new TcpListener(IPAddress.Loopback, 0);
            free.Start();
            var port = ((IPEndPoint)free.LocalEndpoint).Port;
            free.Stop();
            var endpoint = new Uri(FormattableString.Invariant($"http://127.0.0.1:{port}/"));
            var listener = new HttpListener();
            listener.Prefixes.Add(endpoint.ToString());
            try
            {
                listener.Start();
                return (listener, endpoint);
            }
            catch (HttpListenerException)
            {
                // Another program took the port meanwhile.
            }
        }
    }

    private static string Hex(byte[] bytes) => Convert.ToHexStringLower(bytes);

    private async Task ServeAsync()
    {
        while (true)
        {
            HttpListenerContext context;
            try
            {
                context = await listener.GetContextAsync();
            }
            catch (Exception error) when (error is HttpListenerException or ObjectDisposedException or InvalidOperationException)
            {
                return;
            }

            try
            {
                Serve(context);
            }
            catch (Exception error) when (error is HttpListenerException or IOException or ObjectDisposedException)
            {
                // The client left.
            }
        }
    }

    private void Serve(HttpListenerContext context)
    {
        var path = context.Request.Url!.AbsolutePath;
        Requests.Enqueue((path, context.Request.Headers["Range"], context.Request.Headers["Authorization"]));
        if (Fault(context)) return;
        if (path.StartsWith("/api/models/org/model/revision/", StringComparison.Ordinal)) Send(context, Encoding.UTF8.GetBytes(List().ToJsonString()));
        else if (Files.TryGetValue(path.Replace($"/org/model/resolve/{Commit}/", "", StringComparison.Ordinal), out var content)) Send(context, content);
        else Answer(context, 404);
    }

    [SuppressMessage("Security", "CA5350", Justification = "Git names small files by SHA-1.")]
    private JsonObject List()
    {
        var siblings = new JsonArray();
        foreach (var (name, content) in Files)
        {
            var sibling = new JsonObject { ["rfilename"] = name, ["size"] = content.Length };
            sibling["blobId"] = Hex(SHA1.HashData([.. Encoding.ASCII.GetBytes(FormattableString.Invariant($"blob {content.Length}\0")), .. content]));
            if (!name.EndsWith(".json", StringComparison.Ordinal)) sibling["lfs"] = new JsonObject { ["sha256"] = Hex(SHA256.HashData(content)), ["size"] = content.Length, ["pointerSize"] = 135 };
            siblings.Add(sibling);
        }

        var list = new JsonObject { ["id"] = "org/model", ["sha"] = Commit, ["siblings"] = siblings };
        Listing(list);
        return list;
    }
}
