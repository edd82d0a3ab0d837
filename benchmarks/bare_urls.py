"""The real addresses and one more: it inserts one row durably, behind the same middleware, and does nothing else."""

from uuid import uuid4

from django.db import connection, transaction
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.urls import path
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_POST

from openrapport.config.urls import handler400, handler403, handler404, handler500
from openrapport.config.urls import urlpatterns as real_urlpatterns

__all__ = ["handler400", "handler403", "handler404", "handler500", "urlpatterns"]

TABLE = "benchmark_bare_insert"


@csrf_exempt
@require_POST
def insert_one_row(request: HttpRequest) -> HttpResponse:
    with transaction.atomic(durable=True), connection.cursor() as cursor:
        cursor.execute(f"INSERT INTO {TABLE} (id, words) VALUES (%s, %s)", [str(uuid4()), request.POST["words"]])
    return JsonResponse({"saved": True})


urlpatterns = [*real_urlpatterns, path("benchmark/bare-insert/", insert_one_row)]
