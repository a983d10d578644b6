using System.Net;
using System.Net.Http.Headers;
using Helios.Sdk.Checkpoints;
using Helios.Sdk.Models;

namespace Helios.Sdk.Hub.Pulling;

/// <summary>Requests to a Hub. It follows redirects itself, so that the token stays with the Hub's own host. Thread-safe; dispose it.</summary>
/// <param name="endpoint">The Hub.</param>
/// <param name="token">Sent to that host alone; null without one.</param>
internal sealed class HubClient(Uri endpoint, string? token) : IDisposable
{
    private const int MostRedirects = 8;

    private readonly HttpClient http = new(new SocketsHttpHandler { AllowAutoRedirect = false, UseCookies = false, ConnectTimeout = TimeSpan.FromSeconds(30) }) { Timeout = Timeout.InfiniteTimeSpan };

    /// <summary>An address of the Hub.</summary>
    /// <param name="path">Relative to the endpoint, escaped.</param>
    public Uri AddressOf(string path) => new($"{endpoint.AbsoluteUri.TrimEnd('/')}/{path}");

    /// <summary>Sends a request. The answer is disposed by the caller; it is a success, or one that asks to try again later.</summary>
    /// <param name="what">What is asked for, in messages.</param>
    /// <param name="path">Relative to the endpoint, escaped.</param>
    /// <param name="from">First byte of the content that is wanted.</param>
    /// <param name="cancellationToken">Ends it.</param>
    /// <exception cref="ModelPullException">The Hub refuses.</exception>
    /// <exception cref="HttpRequestException">The server could not be reached.</exception>
    public async Task<HttpResponseMessage> GetAsync(string what, string path, long from, CancellationToken cancellationToken)
    {
        var address = AddressOf(path);
        for (var redirects = 0; ; redirects++)
        {
            using var request = new HttpRequestMessage(HttpMethod.Get, address);
            request.Headers.UserAgent.ParseAdd("helios-sdk");
            request.Headers.AcceptEncoding.ParseAdd("identity");
            if (token is not null && IsHub(address)) request.Headers.Authorization = new AuthenticationHeaderValue("Bearer", token);
            if (from > 0) request.Headers.Range = new RangeHeaderValue(from, null);
            var response = await http.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, cancellationToken).ConfigureAwait(false);
            try
            {
                if (!IsRedirect(response.StatusCode))
                {
                    Check(what, response);
                    return response;
                }

                if (redirects == MostRedirects) throw new ModelPullException($"{what}: {endpoint.Host} redirects more than {MostRedirects} times.");
                address = TargetOf(what, address, response);
                response.Dispose();
            }
            catch
            {
                response.Dispose();
                throw;
            }
        }
    }

    public void Dispose() => http.Dispose();

    private static bool IsRedirect(HttpStatusCode status) => (int)status is 301 or 302 or 303 or 307 or 308;

    private static Uri TargetOf(string what, Uri address, HttpResponseMessage response)
    {
        if (response.Headers.Location is not { } location) throw new ModelPullException($"{what}: {address.Host} redirects to nowhere.");
        var target = new Uri(address, location);
        var isSafe = target.Scheme == Uri.UriSchemeHttps || (target.Scheme == Uri.UriSchemeHttp && address.Scheme == Uri.UriSchemeHttp);
        return isSafe ? target : throw new ModelPullException($"{what}: {address.Host} redirects from {address.Scheme} to {CheckpointError.Show(target.Scheme)}, which is not followed.");
    }

    private bool IsHub(Uri address) => address.Scheme == endpoint.Scheme && address.Port == endpoint.Port && string.Equals(address.Host, endpoint.Host, StringComparison.OrdinalIgnoreCase);

    private void Check(string what, HttpResponseMessage response)
    {
        var code = (int)response.StatusCode;
        if (response.IsSuccessStatusCode || code is 408 or 416 or 429 or >= 500) return;
        throw new ModelPullException(Invariant($"{what}: {endpoint.Host} answers {code}. ") + code switch
        {
            401 or 403 when token is null => "The model is private or gated, or there is none of that name: accept its licence on its page, and set HF_TOKEN to a token that may read it.",
            401 or 403 => "The token may not read it: accept the model's licence on its page, with the account of the token.",
            404 => "There is no such model, revision or file.",
            _ => $"{CheckpointError.Show(response.ReasonPhrase ?? "")}.",
        });
    }
}
